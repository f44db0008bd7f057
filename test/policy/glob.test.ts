import assert from 'node:assert/strict';
import { Glob } from '../../src/policy/glob.js';
import { SeededRandom } from '../support/random.js';
import { cpuMs } from '../support/cpu_time.js';

const matches = (glob: string, value: string, foldCase = false): boolean => {
  const bytes = Buffer.from(`<${value}>`, 'latin1');
  return new Glob(glob, foldCase).matches(bytes, 1, bytes.length - 1);
};

/** What a glob means, said slowly. */
function slowly(glob: string, value: string): boolean {
  if (glob === '') return value === '';
  if (glob[0] === '*') return slowly(glob.slice(1), value) || (value !== '' && slowly(glob, value.slice(1)));
  return value !== '' && (glob[0] === '?' || glob[0] === value[0]) && slowly(glob.slice(1), value.slice(1));
}

describe('policy: globs', () => {
  const rows: readonly (readonly [glob: string, matching: readonly string[], others: readonly string[]])[] = [
    ['', [''], ['a']],
    ['*', ['', 'a', 'a/b?c'], []],
    ['/health*', ['/health', '/healthz'], ['/healt', '/a/health']],
    ['*.internal', ['a.internal', '.internal'], ['internal', 'a.internal.']],
    ['5??', ['500', '5xx'], ['50', '5000', '400']],
    ['a*b*c', ['abc', 'aXbYc', 'abcbc'], ['ac', 'abcd', 'acb']],
    ['**', ['', 'x'], []],
    ['*a', ['a', 'aa', 'ba'], ['', 'ab']],
    ['\\*', ['*'], ['a', '']],
    ['a\\?', ['a?'], ['ab']],
    ['a\\\\*', ['a\\', 'a\\b'], ['a']],
    ['\xe9', ['\xc3\xa9'], ['\xe9']],
    ['[ab]', ['[ab]'], ['a']],
  ];
  for (const [glob, matching, others] of rows) {
    it(`'${glob}'`, () => {
      for (const value of matching) assert.equal(matches(glob, value), true, value);
      for (const value of others) assert.equal(matches(glob, value), false, value);
    });
  }

  it('letters in either case, when asked, and nothing but letters', () => {
    assert.equal(matches('Ab*', 'aBc', true), true);
    assert.equal(matches('Ab*', 'aBc'), false);
    assert.equal(matches('@[', '`{', true), false);
    assert.equal(matches('\xe9', '\xc3\x89', true), false);
  });

  it('match what they say for random globs and values, with more places than a word has', () => {
    const random = new SeededRandom(11);
    const pick = (letters: string, length: number): string => Array.from({ length }, () => letters[random.below(letters.length)]).join('');
    let matched = 0;
    for (let round = 0; round < 4000; round++) {
      const padding = 'x'.repeat(random.below(4) * 31);
      const glob = padding + pick('ab*?', random.below(7));
      const value = padding + pick('ab', random.below(9));
      const expected = slowly(glob.slice(padding.length), value.slice(padding.length));
      assert.equal(matches(glob, value), expected, `${glob} ${value}`);
      if (expected) matched++;
    }
    assert.ok(matched > 500 && matched < 3500, String(matched));
  });

  it('take time by the length of the value alone', () => {
    const value = Buffer.alloc(131_072, 'a');
    const took = cpuMs(() => {
      for (const glob of ['*a'.repeat(500), '*'.repeat(1024), `${'a*'.repeat(511)}b`, '*?'.repeat(512), `*${'a'.repeat(1000)}b*`]) {
        const compiled = new Glob(glob, true);
        assert.equal(compiled.matches(value, 0, value.length), !glob.includes('b'));
      }
    });
    // Trying every way would take longer than the universe has; 33 words a byte take milliseconds.
    assert.ok(took < 2000, `${took} ms`);
  });
});
