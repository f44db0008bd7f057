import assert from 'node:assert/strict';
import { parseTraceFormat, needField } from '../../src/host/trace_format.js';
import { TracePageReader } from '../../src/host/trace_page.js';
import { SockStateReader } from '../../src/host/sock_state.js';

const HEADER = parseTraceFormat(`	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`);
const EVENT = `name: inet_sock_set_state
ID: 77
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:const void * skaddr;	offset:8;	size:8;	signed:0;
	field:int oldstate;	offset:16;	size:4;	signed:1;
	field:int newstate;	offset:20;	size:4;	signed:1;
	field:__u16 sport;	offset:24;	size:2;	signed:0;
	field:__u16 dport;	offset:26;	size:2;	signed:0;
	field:__u16 family;	offset:28;	size:2;	signed:0;
	field:__u16 protocol;	offset:30;	size:2;	signed:0;
	field:__u8 saddr[4];	offset:32;	size:4;	signed:0;
	field:__u8 daddr[4];	offset:36;	size:4;	signed:0;
	field:__u8 saddr_v6[16];	offset:40;	size:16;	signed:0;
	field:__u8 daddr_v6[16];	offset:56;	size:16;	signed:0;
`;

/** A page as the kernel writes it: words of data behind its header. */
function page(timeNs: number, words: readonly number[], flags = 0, behind?: number): [DataView, number] {
  const bytes = new Uint8Array(16 + 4 * words.length + 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(timeNs), true);
  view.setBigUint64(8, BigInt(4 * words.length) + BigInt(flags), true);
  words.forEach((word, i) => view.setUint32(16 + 4 * i, word, true));
  if (behind !== undefined) view.setBigUint64(16 + 4 * words.length, BigInt(behind), true);
  return [view, bytes.length];
}

const record = (type: number, delta: number): number => (delta * 32 + type) >>> 0;

function read(view: DataView, bytes: number): { readonly records: number[][]; readonly missed: number } {
  const records: number[][] = [];
  const missed = new TracePageReader(HEADER).forEach(view, bytes, (_, at, end, timeNs) => records.push([at, end, timeNs]));
  return { records, missed };
}

describe('a page of the trace ring buffer', () => {
  it('has records of every kind with their times', () => {
    const words = [
      record(2, 10), 1, 2, // two words of data
      record(30, 5), 1, // 2^27 and 5 nanoseconds later
      record(0, 1), 12, 7, 8, // a length of its own: 12 bytes with itself
      record(29, 3), 8, 0, // padding of 8 bytes
      record(31, 9), 2, // the time itself
      record(1, 1), 5,
      record(29, 0), 99, // the rest is nothing
    ];
    const extended = 1000 + 10 + 5 + 2 ** 27;
    const { records, missed } = read(...page(1000, words));
    assert.deepEqual(records, [
      [20, 28, 1010],
      [44, 52, extended + 1],
      [16 + 4 * 15, 16 + 4 * 16, 2 * 2 ** 27 + 9 + 1],
    ]);
    assert.equal(missed, 0);
  });

  it('says how many events were lost before it', () => {
    assert.equal(read(...page(0, [record(1, 0), 1], 2 ** 31)).missed, 1);
    assert.equal(read(...page(0, [record(1, 0), 1], 2 ** 31 + 2 ** 30, 41)).missed, 41);
  });

  it('is read at every length, and with lengths that lead nowhere', () => {
    const [view, bytes] = page(7, [record(2, 1), 1, 2, record(0, 1), 0xffffffff, 3, record(0, 0), 0]);
    for (let length = 0; length <= bytes; length++) {
      for (const [at, end] of read(view, length).records) assert.ok(at >= 16 && end <= Math.max(length, 16) && at <= end);
    }
    assert.equal(read(view, bytes).records.length, 1, 'the record behind a broken length does not count');
  });

  it('tells fields that are missing or of another size', () => {
    const format = parseTraceFormat(EVENT);
    assert.equal(format.id, 77);
    assert.deepEqual(format.fields.get('saddr_v6'), { offset: 40, size: 16, signed: false });
    assert.throws(() => needField(format, 'cookie', 8), /no field cookie/);
    assert.throws(() => needField(format, 'skaddr', 4), /skaddr .* has 8 bytes/);
    assert.throws(() => new SockStateReader(parseTraceFormat(EVENT.replace('oldstate', 'older'))), /no field oldstate/);
  });

  it('gives transitions with addresses of both families', () => {
    const bytes = new Uint8Array(72);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 77, true);
    view.setInt32(4, 4711, true);
    view.setBigUint64(8, 0xffff888012345678n, true);
    view.setInt32(16, 7, true);
    view.setInt32(20, 2, true);
    view.setUint16(24, 40000, true);
    view.setUint16(26, 80, true);
    view.setUint16(28, 2, true);
    bytes.set([192, 0, 2, 1, 192, 0, 2, 2], 32);
    const reader = new SockStateReader(parseTraceFormat(EVENT));
    const four = reader.read(view, 0, 72, 5);
    assert.deepEqual(four, {
      socket: 0x888012345678, timeNs: 5, threadId: 4711, from: 7, to: 2, localPort: 40000, remotePort: 80,
      localAddress: Uint8Array.of(192, 0, 2, 1), remoteAddress: Uint8Array.of(192, 0, 2, 2),
    });
    view.setUint16(28, 10, true);
    bytes.set([0xff, 0xff, 192, 0, 2, 9], 50);
    assert.deepEqual(reader.read(view, 0, 72, 5)?.localAddress, Uint8Array.of(192, 0, 2, 9), 'IPv4-mapped is IPv4');
    assert.equal(reader.read(view, 0, 72, 5)?.remoteAddress.length, 16);
    for (let end = 0; end < 72; end++) assert.equal(reader.read(view, 0, end, 5), undefined);
    view.setUint16(0, 78, true);
    assert.equal(reader.read(view, 0, 72, 5), undefined, 'another event');
  });
});
