// No record, however hostile, is longer than its format's bound: lineOf() checks that, and that nothing is written behind it.

import assert from 'node:assert/strict';
import { utcOffset } from '../../src/record/clock.js';
import { EcsFormat } from '../../src/record/ecs.js';
import { JsonFormat } from '../../src/record/json.js';
import { TextFormat } from '../../src/record/text.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { COLUMN_NAMES } from '../../src/record/tsv_columns.js';
import { ENCAPS, MAX_ENCAPS } from '../../src/wire/encap.js';
import { SeededRandom } from '../support/random.js';
import { type RecordForm, lineOf } from '../support/records.js';

const HEADERS = ['user-agent', 'content-type', 'x', 'x-much-longer-than-what-is-in-it'];

const formats = [
  ['text', new TextFormat({ zone: utcOffset, addVlan: true, addInterface: true })],
  ['tsv', new TsvFormat([...COLUMN_NAMES, ...HEADERS.map((name) => `headers.${name}`)])],
  ['json', new JsonFormat({ headers: HEADERS, addCommunityId: true })],
  ['ecs', new EcsFormat({ headers: HEADERS, hostname: 'é'.repeat(64) })],
] as const;

/** All fixed parts at their longest. */
const LONGEST: RecordForm = {
  ordinal: Number.MAX_SAFE_INTEGER,
  nanoseconds: 999_999_999,
  interfaceName: '\xff'.repeat(56),
  vlans: Array.from({ length: 18 }, () => 4095),
  ipv6: true,
  encaps: Array.from({ length: MAX_ENCAPS }, () => [ENCAPS.findIndex(({ name }) => name === 'geneve'), 0xffffffff]),
  headers: HEADERS,
  redacted: true,
};

const worst = (length: number): string => '\x01\xff'.repeat(length);

for (const [name, format] of formats) {
  describe(`record: bound of ${name}`, () => {
    it('holds where every byte of the message is escaped', () => {
      const rest = `Host:${worst(60)}\nUser-Agent:${worst(60)}\nX:${worst(60)}\nX-Much-Longer-Than-What-Is-In-It:-\n\n`;
      for (const payload of [
        `GET ${worst(500)} HTTP/1.1\n${rest}`,
        `UPDATEREDIRECTREF ${worst(1)} HTTP/1.1\n\n`,
        `GET \xff${'\xff'.repeat(900)}`,
        'GET \x80',
        `HTTP/1.1 000 ${worst(200)}\nContent-Length:${worst(60)}\nContent-Type:${worst(60)}`,
        'HTTP/1.1 099',
        'GET - HTTP/1.1\nHost:-\nUser-Agent:-\n\n',
        'GET (empty) HTTP/1.1\nHost:\nUser-Agent:\nX:\nX-Much-Longer-Than-What-Is-In-It:\n\n',
        `GET http://\xff/${'\xff'.repeat(400)}?\xff HTTP/1.1\n\n`,
        `HTTP/1.1 200 -\nContent-Length:-\nContent-Type:-\n\n`,
      ]) {
        assert.ok(lineOf(format, payload, LONGEST).endsWith('\n'));
      }
    });

    it('holds for random hostile records', () => {
      const random = new SeededRandom(name.length);
      const value = (): string => Array.from({ length: random.below(40) }, () => {
        const byte = random.below(256);
        return byte === 0x0a ? 'x' : String.fromCharCode(byte);
      }).join('');
      for (let round = 0; round < 300; round++) {
        const end = random.below(2) ? '\n' : '\r\n';
        const payload = random.below(2)
          ? `POST x${value()} HTTP/1.1${end}Host: ${value()}${end}User-Agent: ${value()}${end}${end}${value()}`
          : `HTTP/1.1 204 ${value()}${end}Content-Type: ${value()}${end}Content-Length: ${value()}${end}${end}${value()}`;
        const cut = payload.slice(0, Math.max(24, random.below(payload.length + 1)));
        if (!/^POST [^]* HTTP|^HTTP/.test(cut)) continue;
        assert.ok(lineOf(format, payload, LONGEST).length > 60);
      }
    });
  });
}
