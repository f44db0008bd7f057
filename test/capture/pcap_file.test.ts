import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';

import { parse, type Packet } from 'pcap-parser';

import { ReplayRig } from '../support/replay_run.js';
import { pattern, pcap, PCAP_KUZNETZOV, PCAP_MICRO, PCAP_NANO, type PcapRecord } from '../support/savefile_builder.js';

const CORPUS = '/work/shared/conformance/corpus/pcaps';

const RECORDS: readonly PcapRecord[] = [
  { seconds: 1_567_339_011, fraction: 2345, data: pattern(60, 1), wireLength: 1514 },
  { seconds: 1_567_339_012, fraction: 999_999, data: pattern(0, 2) },
  { seconds: 0xffffffff, fraction: 0, data: pattern(101, 3) },
];

describe('pcap savefiles', function () {
  this.timeout(180_000);
  const rig = new ReplayRig(512);
  after(() => rig.close());

  for (const little of [true, false]) {
    for (const [name, magic, unit] of [
      ['microseconds', PCAP_MICRO, 1000],
      ['nanoseconds', PCAP_NANO, 1],
      ['Kuznetzov', PCAP_KUZNETZOV, 1000],
    ] as const) {
      it(`reads ${name}, ${little ? 'little' : 'big'}-endian`, async () => {
        const run = await rig.bytes(pcap({ little, magic, linkType: 113 }, RECORDS));
        assert.deepEqual(run.failures.concat(run.warnings), []);
        assert.deepEqual(run.linkTypes, [113]);
        assert.deepEqual(
          run.frames.map(({ number, seconds, nanoseconds, wireLength, linkType, iface, data }) => [
            number, seconds, nanoseconds, wireLength, linkType, iface, data.toString('hex'),
          ]),
          RECORDS.map(({ seconds, fraction, data, wireLength }, index) => [
            index + 1, seconds, fraction * unit, wireLength ?? data.length, 113, '', Buffer.from(data).toString('hex'),
          ]),
        );
      });
    }
  }

  it('masks the frame check sequence bits of the link type', async () => {
    const run = await rig.bytes(pcap({ linkType: 0x24000001 }, RECORDS));
    assert.equal(run.frames[0].linkType, 1);
  });

  it('carries fractions above a second over', async () => {
    const run = await rig.bytes(pcap({}, [{ seconds: 10, fraction: 3_000_001, data: pattern(4, 0) }]));
    assert.deepEqual([run.frames[0].seconds, run.frames[0].nanoseconds], [13, 1000]);
  });

  it('refuses other versions', async () => {
    const run = await rig.bytes(pcap({ major: 3 }, RECORDS));
    assert.equal(run.frames.length, 0);
    assert.match(run.failures[0], /capture: pcap version 3\.4; only 2\.4/);
  });

  it('stops at a length that cannot be, after every frame before it, and says where', async () => {
    const damaged = { ...RECORDS[0], claimedLength: 300_000 };
    const run = await rig.bytes(pcap({}, [RECORDS[0], RECORDS[1], damaged, RECORDS[2]]));
    assert.equal(run.frames.length, 2);
    assert.match(run.failures[0], /damaged at byte 116, frame 3: a frame of 300000 bytes/);
    assert.equal(run.failures.length, 1);
  });

  it('gives every whole frame of a file cut anywhere', async () => {
    const whole = pcap({}, RECORDS);
    const ends = [24 + 16 + 60, 24 + 32 + 60, whole.length];
    for (let length = 0; length <= whole.length; length++) {
      const run = await rig.bytes(whole.subarray(0, length));
      const frames = ends.filter((end) => end <= length).length;
      assert.equal(run.frames.length, frames, `${length} bytes`);
      if (length < 24) {
        assert.match(run.failures[0], length === 0 ? /is empty/ : length < 4 ? /not a capture file/ : /ends inside the file header/);
      } else {
        assert.deepEqual(run.failures, [], `${length} bytes`);
        const isWhole = length === 24 || ends.includes(length);
        assert.equal(run.warnings.length, isWhole ? 0 : 1, `${length} bytes`);
        if (!isWhole) assert.match(run.warnings[0], new RegExp(`cut off in frame ${frames + 1};`));
      }
    }
  });

  it('carries a record over the end of a slot at every offset', async () => {
    const small = new ReplayRig(128, 64);
    for (let first = 0; first <= 112; first++) {
      const records = [first, 50, 0, 112, 7, 33].map((length, index) => ({
        seconds: 100 + index, fraction: index, data: pattern(length, index * 40),
      }));
      const run = await small.bytes(pcap({ little: first % 2 === 0 }, records));
      assert.deepEqual(run.failures.concat(run.warnings), []);
      assert.deepEqual(run.frames.map(({ data }) => data.toString('hex')), records.map(({ data }) => Buffer.from(data).toString('hex')));
      assert.deepEqual(run.frames.map(({ number }) => number), [1, 2, 3, 4, 5, 6]);
    }
    small.close();
  });

  it('goes on in the next slot when the index of one is full', async () => {
    const narrow = new ReplayRig(4096, 3);
    const records = Array.from({ length: 20 }, (_, index) => ({ seconds: index, fraction: 0, data: pattern(index, index) }));
    const run = await narrow.bytes(pcap({}, records));
    assert.deepEqual(run.frames.map(({ seconds }) => seconds), records.map(({ seconds }) => seconds));
    assert.ok(run.batches.every(({ frames }) => frames <= 3));
    narrow.close();
  });

  it('sees what pcap-parser sees', async () => {
    const big = new ReplayRig(1 << 18, 4096, 64);
    // Its reader knows microseconds only.
    const names = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.pcap') && !/nsec|-ns|trunc-hdr|badlen/.test(name)) : [];
    const own = pcap({ little: false }, RECORDS);
    for (const path of [...names.map((name) => join(CORPUS, name)), big.file('own.pcap', own)]) {
      const expected: string[] = [];
      const parser = parse(path);
      parser.on('packet', ({ header, data }: Packet) => {
        expected.push(`${header.timestampSeconds}.${header.timestampMicroseconds} ${header.originalLength} ${data.toString('hex')}`);
      });
      await once(parser, 'end');
      const run = await big.run([path]);
      const seen = run.frames.map((frame) => `${frame.seconds}.${frame.nanoseconds / 1000} ${frame.wireLength} ${frame.data.toString('hex')}`);
      assert.deepEqual(seen, expected, path);
    }
    big.close();
  });
});
