import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../command.js';
import type { Frame } from './pcap_file.js';
import { LINK_TYPE, readPcap, rewriteFrames, writePcap } from './pcap_file.js';
import { writePcapng } from './pcapng_file.js';

const frame = (seconds: number, nanoseconds: number, length: number): Frame => (
  { seconds, nanoseconds, bytes: new Uint8Array(length).fill(7), originalLength: length + 5 });
const CAPTURE = { linkType: LINK_TYPE.ETHERNET, frames: [frame(1_700_000_000, 123_456_789, 60), frame(1_700_000_001, 1000, 0), frame(4_294_967_295, 0, 3)] };

describe('test support: capture files', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-files-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Link type, epoch, captured and original length of each frame, by tshark. */
  const byTshark = (bytes: Uint8Array): string[] => {
    const file = join(directory, 'capture');
    writeFileSync(file, bytes);
    return command(['tshark', '-n', '-r', file, '-T', 'fields', '-E', 'separator=/s', '-e', 'frame.encap_type', '-e', 'frame.time_epoch',
      '-e', 'frame.cap_len', '-e', 'frame.len', '-e', 'frame.interface_name']).trim().split('\n').map((line) => line.trim());
  };

  for (const bigEndian of [false, true]) {
    it(`reads what it writes, ${bigEndian ? 'big' : 'little'}-endian with nanoseconds`, () => {
      assert.deepEqual(readPcap(writePcap(CAPTURE, { bigEndian, nanoseconds: true })), CAPTURE);
    });
  }

  it('cuts times to microseconds', () => {
    assert.equal(readPcap(writePcap(CAPTURE)).frames[0].nanoseconds, 123_456_000);
  });

  it('reads every whole frame of a file cut anywhere', () => {
    const whole = writePcap(CAPTURE);
    const ends = [24 + 16 + 60, 24 + 32 + 60, 24 + 48 + 63];
    for (let length = 0; length <= whole.length; length++) {
      const read = (): number => readPcap(whole.subarray(0, length)).frames.length;
      if (length < 24) {
        assert.throws(read, /header/);
      } else {
        assert.equal(read(), ends.filter((end) => end <= length).length, `cut at ${length}`);
      }
    }
    assert.throws(() => readPcap(new Uint8Array(24)), /not a pcap/);
  });

  it('keeps times and what was cut off when frames are rewritten', () => {
    const made = rewriteFrames(CAPTURE, LINK_TYPE.RAW, (bytes) => (bytes.length < 60 ? undefined : [bytes.subarray(14), bytes]));
    assert.equal(made.linkType, LINK_TYPE.RAW);
    assert.deepEqual(made.frames.map(({ nanoseconds, bytes, originalLength }) => [nanoseconds, bytes.length, originalLength]),
      [[123_456_789, 46, 51], [123_456_789, 60, 65]]);
  });

  it('writes pcap as tshark reads it', () => {
    assert.deepEqual(byTshark(writePcap(CAPTURE, { bigEndian: true, nanoseconds: true })),
      ['1 1700000000.123456789 60 65', '1 1700000001.000001000 0 5', '1 4294967295.000000000 3 8']);
  });

  it('writes pcapng as tshark reads it: merged by time, resolutions, offsets, sections of both orders', () => {
    const section = (bigEndian: boolean) => ({ bigEndian, interfaces: [
      { linkType: LINK_TYPE.ETHERNET, name: 'eth0', frames: [frame(1_700_000_000, 5000, 61), frame(1_700_000_009, 0, 62)] },
      { linkType: LINK_TYPE.ETHERNET, name: 'tun0', decimals: 9, offsetSeconds: 1_000_000, frames: [frame(1_700_000_003, 123_456_789, 63)] },
    ] });
    const expected = ['1 1700000000.000005000 61 66 eth0', '1 1700000003.123456789 63 68 tun0', '1 1700000009.000000000 62 67 eth0'];
    assert.deepEqual(byTshark(writePcapng([section(false)])), expected);
    assert.deepEqual(byTshark(writePcapng([section(true), section(false)])), [...expected, ...expected]);
  });
});
