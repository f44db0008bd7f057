// Every fixture is logged as its expected log says, and tshark says the same of its records, where it can.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assertSameRecords, expectedRecords } from '../support/compare.js';
import { fixturePath, loadFixtures } from '../support/fixtures.js';
import { httplog, parseJsonLines } from '../support/httplog.js';

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

  for (const { name, file, ports, options } of loadFixtures()) {
    it(name, () => {
      const args = ['-r', fixturePath(file), '-p', ports];
      const text = httplog([...args, '-utc', '-d', '-', ...options]);
      assert.equal(text.status, 0, text.stderr);
      assert.equal(text.stdout, readFileSync(fixturePath(`${name}.expected.log`), 'utf8'));
      const json = httplog([...args, '-o', 'json', ...options]);
      assert.equal(json.status, 0, json.stderr);
      const records = parseJsonLines(json.stdout);
      assert.equal(records.length, text.stdout.split('\n').length - 1);
      if (!(name in OWN_OPINION)) assertSameRecords(records, expectedRecords(fixturePath(file), ports), 2);
    });
  }
});
