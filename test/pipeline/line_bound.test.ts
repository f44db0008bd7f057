// A line block's region holds the longest line of every format (pipeline/engine.ts): LineOutput relies on it.

import assert from 'node:assert/strict';
import { MESSAGE, Message } from '../../src/http/message.js';
import { scanMessage } from '../../src/http/scan.js';
import { MAX_PAYLOAD_BYTES } from '../../src/pipeline/batch_parser.js';
import { REGION_BYTES } from '../../src/pipeline/engine.js';
import { utcOffset } from '../../src/record/clock.js';
import { EcsFormat } from '../../src/record/ecs.js';
import { JsonFormat } from '../../src/record/json.js';
import { TextFormat } from '../../src/record/text.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { COLUMN_NAMES } from '../../src/record/tsv_columns.js';
import { Values } from '../../src/record/values.js';
import { RecordView } from '../../src/record/view.js';
import { Frame } from '../../src/wire/frame.js';
import { latin1 } from '../support/fence.js';

/** Names as long and as many as -headers takes; fields of every message among them. */
const HEADERS = ['host', 'user-agent', 'content-type', 'content-length', ...Array.from({ length: 60 }, (_, number) => `x-${number}`.padEnd(64, '-'))];

const formats = [
  ['text', new TextFormat({ zone: utcOffset, addVlan: true, addInterface: true })],
  ['tsv', new TsvFormat([...COLUMN_NAMES, ...HEADERS.map((name) => `headers.${name}`)])],
  ['json', new JsonFormat({ headers: HEADERS, addCommunityId: true })],
  ['ecs', new EcsFormat({ headers: HEADERS, hostname: 'h'.repeat(64) })],
] as const;

const filled = (begin: string): string => begin + '\xff'.repeat(MAX_PAYLOAD_BYTES - begin.length);
const half = '\xff'.repeat(MAX_PAYLOAD_BYTES / 2 - 64);
const PAYLOADS: Readonly<Record<string, string>> = {
  'all target': filled('GET /'),
  'all Host, asked for again': filled('GET / HTTP/1.1\nHost: '),
  'target and User-Agent': `GET /${half} HTTP/1.1\nUser-Agent: ${half}`,
  'all Content-Type, asked for again': filled('HTTP/1.1 200 OK\nContent-Type: '),
  'a field of many': filled(`GET / HTTP/1.1\n${HEADERS.map((name) => `${name}: \xff\n`).join('')}Accept: `),
};

for (const [name, format] of formats) {
  describe(`pipeline: the longest line of ${name}`, () => {
    for (const [title, payload] of Object.entries(PAYLOADS)) {
      it(title, () => {
        const bytes = latin1(payload);
        assert.ok(bytes.length <= MAX_PAYLOAD_BYTES);
        const message = new Message(HEADERS);
        const kind = scanMessage(bytes, 0, bytes.length, message);
        assert.notEqual(kind, MESSAGE.NONE);
        const view = new RecordView(new Frame(), message, new Values(HEADERS.length));
        view.take(bytes, kind === MESSAGE.REQUEST);
        view.interfaceName = latin1('\xff'.repeat(127));
        format.period(0, 86400);
        assert.ok(view.values.length >= HEADERS.length);
        assert.ok(format.bound(view) <= REGION_BYTES, `${format.bound(view)} bytes`);
      });
    }
  });
}
