import tseslint from 'typescript-eslint';

// The layers of docs/architecture.md, lowest first: a folder imports from its own layer and those before it.
const layers = [['bytes'], ['wire', 'http'], ['config', 'record', 'ring'], ['policy'], ['host', 'capture', 'log'], ['telemetry'], ['pipeline'], ['processes', 'connections'], ['cli']];
const pure = ['bytes', 'wire', 'http'];

const layerRules = layers.flatMap((folders, depth) => folders.map((folder) => {
  const above = layers.slice(depth + 1).flat();
  const patterns = [];
  if (above.length > 0) {
    patterns.push({ regex: `^\\.\\./(${above.join('|')})/`, message: 'Imports point down the layer list (docs/architecture.md).' });
  }
  if (pure.includes(folder)) {
    patterns.push({ regex: '^node:', message: 'bytes, wire and http run without Node, so that they can be fuzzed and benchmarked alone.' });
  }
  return { files: [`src/${folder}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}));

export default tseslint.config(
  { ignores: ['dist/', 'lib/', 'node_modules/', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strict,
  {
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  ...layerRules,
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' } },
  { files: ['bench/**/*.ts', 'scripts/**/*.ts'], rules: { 'no-console': 'off' } },
);
