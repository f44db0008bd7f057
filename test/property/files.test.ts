// Captures written in any variant of the formats are read back as they were.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Frame, writePcap } from '../support/frames/pcap_file.js';
import { writePcapng } from '../support/frames/pcapng_file.js';
import { ReplayRig, type SeenFrame } from '../support/replay_run.js';

const SLOT_BYTES = 4096;
const RUNS = 60;

const frame = fc.record({ seconds: fc.integer({ min: 0, max: 0xffffffff }), nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  bytes: fc.uint8Array({ maxLength: 300 }), beyond: fc.nat(5000) })
  .map(({ seconds, nanoseconds, bytes, beyond }): Frame => ({ seconds, nanoseconds, bytes, originalLength: bytes.length + beyond }));
const frames = fc.array(frame, { maxLength: 60 });
const linkType = fc.integer({ min: 0, max: 0xffff });

/** What was read, in the words of what was written. */
const asWritten = ({ seconds, nanoseconds, data, wireLength }: SeenFrame): Frame => (
  { seconds, nanoseconds, bytes: new Uint8Array(data), originalLength: wireLength });
/** Times as a file of `unit` nanoseconds keeps them. */
const cutTo = (unit: number) => (from: Frame): Frame => ({ ...from, nanoseconds: from.nanoseconds - (from.nanoseconds % unit) });

describe('property: capture files', function () {
  this.timeout(180_000);
  let rig: ReplayRig;
  beforeEach(() => {
    rig = new ReplayRig(SLOT_BYTES);
  });
  afterEach(() => rig.close());

  it('pcap of either byte order and resolution', async () => {
    await fc.assert(fc.asyncProperty(frames, linkType, fc.boolean(), fc.boolean(), async (list, type, bigEndian, nanoseconds) => {
      const { frames: seen, failures, linkTypes } = await rig.bytes(writePcap({ linkType: type, frames: list }, { bigEndian, nanoseconds }));
      assert.deepEqual([failures, linkTypes], [[], [type]]);
      assert.deepEqual(seen.map(asWritten), list.map(cutTo(nanoseconds ? 1 : 1000)));
      assert.deepEqual(seen.map(({ number }) => number), list.map((_, index) => index + 1));
    }), { numRuns: RUNS });
  });

  it('pcapng with any interfaces, resolutions, names and offsets', async () => {
    const offset = fc.integer({ min: -1_000_000, max: 1_000_000 });
    // longer names are cut
    const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => Buffer.byteLength(text) <= 56);
    const from = fc.record({ linkType, decimals: fc.constantFrom(3, 6, 9), offsetSeconds: offset, name,
      frames: fc.array(frame.filter(({ seconds }) => seconds > 1_000_000 && seconds < 0x7fffffff), { maxLength: 20 }) });
    await fc.assert(fc.asyncProperty(fc.array(from, { minLength: 1, maxLength: 4 }), fc.boolean(), async (interfaces, bigEndian) => {
      const { frames: seen, failures } = await rig.bytes(writePcapng([{ bigEndian, interfaces }]));
      assert.deepEqual(failures, []);
      assert.equal(seen.length, interfaces.reduce((sum, { frames: list }) => sum + list.length, 0));
      for (const [index, { linkType: type, name: called, decimals, frames: list }] of interfaces.entries()) {
        const same = interfaces.filter((other) => other.linkType === type && other.name === called);
        if (same.length > 1) continue; // told apart by nothing the reader keeps
        const ours = seen.filter((one) => one.linkType === type && one.iface === called);
        const sorted = list.toSorted((a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds);
        assert.deepEqual(ours.map(asWritten), sorted.map(cutTo(10 ** (9 - decimals))), `interface ${index}`);
      }
    }), { numRuns: RUNS });
  });

  it('cut anywhere, every whole frame before the cut, and a word about it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 10 }), fc.nat(), async (list, where) => {
      const file = writePcap({ linkType: 1, frames: list }, { nanoseconds: true });
      const length = 24 + (where % (file.length - 24));
      let end = 24;
      const whole = list.filter(({ bytes }) => (end += 16 + bytes.length) <= length);
      const { frames: seen, warnings } = await rig.bytes(file.subarray(0, length));
      assert.deepEqual(seen.map(asWritten), whole);
      const used = 24 + whole.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0);
      assert.equal(warnings.length, used === length ? 0 : 1);
    }), { numRuns: RUNS });
  });
});
