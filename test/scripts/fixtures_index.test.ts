import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { FIXTURES, fixturePath, loadFixtures } from '../support/fixtures.js';

const LARGEST_BYTES = 60_000;

describe('fixtures', () => {
  it('are all in the index and in README.md', () => {
    const captures = readdirSync(FIXTURES).filter((file) => /\.pcap/.test(file));
    assert.deepEqual(loadFixtures().map(({ file }) => file).toSorted(), captures.toSorted());
    const readme = readFileSync(fixturePath('README.md'), 'utf8');
    assert.deepEqual(captures.filter((file) => !readme.includes(`| \`${file}\` |`)), []);
  });

  it('are small', () => {
    assert.deepEqual(loadFixtures().filter(({ file }) => statSync(fixturePath(file)).size > LARGEST_BYTES), []);
  });
});
