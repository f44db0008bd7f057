// The committed captures and how to read them: fixtures/fixtures.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An entry of fixtures.json. */
export interface FixtureEntry {
  readonly name: string;
  /** beside fixtures.json */
  readonly file: string;
  /** service ports, as -p takes them */
  readonly ports: string;
  /** more options for its expected log */
  readonly options: readonly string[];
}

/** From the project's root, where tests and scripts run. */
export const FIXTURES = 'fixtures';

/** The entries of a directory's fixtures.json. */
export function loadFixtures(directory = FIXTURES): FixtureEntry[] {
  return JSON.parse(readFileSync(join(directory, 'fixtures.json'), 'utf8')) as FixtureEntry[];
}

/** Path of a committed file. */
export function fixturePath(file: string): string {
  return join(FIXTURES, file);
}
