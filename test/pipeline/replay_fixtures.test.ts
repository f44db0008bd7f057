// Every fixture is logged as its expected log says, and tshark says the same of its records, where it can.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beside } from '../support/beside.js';
import type { CommandResult } from '../support/command.js';
import { assertSameRecords, expectedRecordsBeside, type JsonRecord } from '../support/compare.js';
import { fixturePath, loadFixtures } from '../support/fixtures.js';
import { httplogBeside, parseJsonLines } from '../support/httplog.js';

/** Fixtures made of what tshark reads otherwise; their expected logs were read by eye. */
const OWN_OPINION: Readonly<Record<string, string>> = {
  'registered-methods': 'tshark takes ACL, BIND, LINK and other registered methods for no request',
  'odd-start-lines': 'tshark takes what we mark malformed for flawless',
  'refused-start-lines': 'M-SEARCH is no method registered with IANA',
  'escapes': 'tshark ends a value at a bare CR, and looks for no field behind a folded or broken line',
  'other-protocols': 'tshark stays with the protocol that a connection began with',
};

describe('replay: fixtures', function () {
  this.timeout(180_000);

  const fixtures = loadFixtures();
  /** what httplog says as text and as json, and what tshark says */
  let answers: Promise<readonly [text: CommandResult, json: CommandResult, theirs: readonly JsonRecord[]]>[];
  before(() => {
    answers = beside(fixtures.map(({ name, file, ports, options }) => async () => {
      const args = ['-r', fixturePath(file), '-p', ports];
      const text = await httplogBeside([...args, '-utc', '-d', '-', ...options]);
      const json = await httplogBeside([...args, '-o', 'json', ...options]);
      return [text, json, name in OWN_OPINION ? [] : await expectedRecordsBeside(fixturePath(file), ports)] as const;
    }));
  });

  for (const [at, { name }] of fixtures.entries()) {
    it(name, async () => {
      const [text, json, theirs] = await answers[at];
      assert.equal(text.status, 0, text.stderr);
      assert.equal(text.stdout, readFileSync(fixturePath(`${name}.expected.log`), 'utf8'));
      assert.equal(json.status, 0, json.stderr);
      const records = parseJsonLines(json.stdout);
      assert.equal(records.length, text.stdout.split('\n').length - 1);
      if (!(name in OWN_OPINION)) assertSameRecords(records, theirs, 2);
    });
  }
});
