// Two opinions on captures nobody has looked at: tshark's messages and our records must be the same.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonRecord, strictRecords } from '../support/compare.js';
import { httplog, parseJsonLines, withDirectory } from '../support/httplog.js';
import { hasStrictStartLine, oracle } from '../support/oracle.js';
import { asJsonRecord } from '../support/oracle_json.js';
import { SeededRandom } from '../support/random.js';
import { SERVICE_PORTS, randomCapture, realMessages } from './captures.js';

const SEEDS = [1, 2, 3];
const FRAMES = 150;
/** Only ours to say. */
const OURS = new Set(['truncated', 'malformed', 'vlan', 'encap', 'community_id']);

function withoutOurs(record: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !OURS.has(name)));
}

describe('differential: tshark', function () {
  this.timeout(180_000);

  for (const seed of SEEDS) {
    it(`says the same of ${FRAMES} frames of seed ${seed}`, async () => {
      await withDirectory((directory) => {
        const file = join(directory, 'random.pcap');
        writeFileSync(file, randomCapture(realMessages(), FRAMES, new SeededRandom(seed)));
        const ports = SERVICE_PORTS.join();
        const run = httplog(['-r', file, '-p', ports, '-o', 'json', '-decap', 'all']);
        assert.equal(run.status, 0, run.stderr);
        const ours = strictRecords(parseJsonLines(run.stdout)).map(withoutOurs);
        const theirs = oracle(file, ports).filter(hasStrictStartLine).map(asJsonRecord);
        assert.deepEqual(ours, theirs);
        assert.ok(ours.length >= FRAMES, `${ours.length} records`);
      });
    });
  }
});
