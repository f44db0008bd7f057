// Writes fixtures/NAME.expected.log with what the built program says of each capture in fixtures/fixtures.json. To be
// run only after its records were compared with tshark's: what this writes becomes the truth of the tests.
//
//     node dist/scripts/expect_fixtures.js [DIR [NAME…]]

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { command } from '../test/support/command.js';
import { FIXTURES, loadFixtures } from '../test/support/fixtures.js';

/** @param names only of these; undefined: of all @throws Error when the program fails on a capture */
export function writeExpectedLogs(directory: string, names?: readonly string[]): void {
  for (const { name, file, ports, options } of loadFixtures(directory)) {
    if (names !== undefined && !names.includes(name)) continue;
    const log = command(['bin/httplog', '-r', join(directory, file), '-p', ports, '-utc', '-d', '-', ...options]);
    writeFileSync(join(directory, `${name}.expected.log`), log);
    console.log(`${name}: ${log.split('\n').length - 1} lines`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , directory = FIXTURES, ...names] = process.argv;
  writeExpectedLogs(directory, names.length > 0 ? names : undefined);
}
