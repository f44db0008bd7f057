// Makes fixtures/ anew: captures, their index (fixtures.json) and README.md. Needs root, nginx, curl, tcpdump, iproute2.
//
//     sudo node dist/scripts/make_fixtures.js [--out DIR] [--missing] [--expected]
//
// The committed files are the reference: a new run gives other times, ports and sequence numbers. --missing makes only what is
// not there yet, of what is derived from other captures; it needs no root. --expected writes the expected logs of what was made
// (see expect_fixtures.ts).

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FixtureEntry } from '../test/support/fixtures.js';
import type { Capture } from '../test/support/frames/pcap_file.js';
import { readPcap } from '../test/support/frames/pcap_file.js';
import type { TestNetwork } from '../test/support/netns.js';
import { makeNetwork } from '../test/support/netns.js';
import { startNginx } from '../test/support/servers.js';
import { startCapture } from '../test/support/tcpdump.js';
import { writeExpectedLogs } from './expect_fixtures.js';
import { DERIVED_RECIPES } from './fixtures/derived.js';
import { LINK_LAYER_RECIPES } from './fixtures/link_layers.js';
import { LIVE_RECIPES } from './fixtures/live.js';
import type { DerivedRecipe, LiveRecipe } from './fixtures/recipe.js';
import { TUNNEL_RECIPES } from './fixtures/tunnels.js';

const LARGEST_BYTES = 60_000;
const DERIVED: readonly DerivedRecipe[] = [...DERIVED_RECIPES, ...LINK_LAYER_RECIPES, ...TUNNEL_RECIPES];

async function captureAll(directory: string): Promise<void> {
  const network = makeNetwork('makefixtures');
  try {
    const nginx = await startNginx(network.server);
    for (const recipe of LIVE_RECIPES) {
      await captureOne(network, recipe, join(directory, fileOf(recipe)));
    }
    await nginx.stop();
  } finally {
    network.close();
  }
}

async function captureOne(network: TestNetwork, recipe: LiveRecipe, file: string): Promise<void> {
  const capture = await startCapture(network.server, file, recipe.capture);
  await recipe.traffic(network);
  const { dropped } = await capture.stop();
  if (dropped > 0) {
    throw new Error(`${recipe.name}: the kernel dropped ${dropped} frames; run it again`);
  }
}

function deriveAll(directory: string, recipes: readonly DerivedRecipe[]): void {
  const captured = (name: string): Capture => readPcap(readFileSync(join(directory, `${name}.pcap`)));
  for (const recipe of recipes) {
    writeFileSync(join(directory, fileOf(recipe)), recipe.derive(captured));
  }
}

function fileOf(recipe: LiveRecipe | DerivedRecipe): string {
  return `${recipe.name}.${'derive' in recipe ? recipe.extension ?? 'pcap' : 'pcap'}`;
}

function assertSmall(directory: string, file: string): void {
  const size = readFileSync(join(directory, file)).length;
  if (size > LARGEST_BYTES) {
    throw new Error(`${file} has ${size} bytes: a fixture has ${LARGEST_BYTES} at most`);
  }
}

function writeIndex(directory: string): void {
  const recipes = [...LIVE_RECIPES, ...DERIVED];
  const entries = recipes.map((recipe): FixtureEntry => (
    { name: recipe.name, file: fileOf(recipe), ports: recipe.ports ?? '80', options: recipe.options ?? [] }));
  const rows = entries.map((entry) => `  ${JSON.stringify(entry)}`);
  writeFileSync(join(directory, 'fixtures.json'), `[\n${rows.join(',\n')}\n]\n`);
  entries.forEach(({ file }) => assertSmall(directory, file));
  const lines = recipes.map((recipe) => `| \`${fileOf(recipe)}\` | ${recipe.shows} | ${recipe.made} |`);
  writeFileSync(join(directory, 'README.md'), README_HEAD + lines.join('\n') + '\n');
}

const README_HEAD = `# Fixtures

Small captures, each with the log it must give: \`NAME.expected.log\` is what
\`httplog -r FILE -p PORTS -utc\` writes, ports and options from \`fixtures.json\`.

All traffic was made by \`scripts/make_fixtures.ts\`: a client and a server in two network namespaces joined by a veth
pair, with addresses that belong to nobody (198.18.0.0/15, 2001:db8::/32), captured by tcpdump. The committed files are
the reference; a new run gives other times and client ports.

| file | shows | made from |
|---|---|---|
`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'fixtures' },
    missing: { type: 'boolean', default: false },
    expected: { type: 'boolean', default: false },
  },
});
mkdirSync(values.out, { recursive: true });
const wanted = DERIVED.filter((recipe) => !values.missing || !existsSync(join(values.out, fileOf(recipe))));
if (!values.missing) {
  await captureAll(values.out);
}
deriveAll(values.out, wanted);
writeIndex(values.out);
if (values.expected) {
  writeExpectedLogs(values.out, values.missing ? wanted.map(({ name }) => name) : undefined);
}
