// Ten seconds of fuzzing in every run of the tests, from another seed each time, and proof that the harness notices.

import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { writePcap } from '../support/frames/pcap_file.js';
import { fenced } from '../support/fence.js';
import { ethernetFrame, ipv4Packet, tcpSegment } from '../support/packets.js';
import { SeededRandom } from '../support/random.js';
import type { LineFormat, RecordView } from '../../src/record/view.js';
import { nextCapture } from './captures.js';
import { FUZZED_FORMATS, type FuzzedFormat } from './formats.js';
import { fuzz } from './fuzz.js';
import { Harness } from './harness.js';
import { loadSeeds } from './seeds.js';

const SECONDS = 10;
const FORGERY = 'GET / HTTP/1.1\r\nHost: a\rb\r\nUser-Agent: \x1b[2J\r\n\r\n';

function captureOf(payload: string): Uint8Array {
  const bytes = ethernetFrame(0x0800, ipv4Packet(tcpSegment(payload)));
  return writePcap({ linkType: 1, frames: [{ seconds: 1, nanoseconds: 0, bytes, originalLength: bytes.length }] });
}

/** A text format with a fault: `write` gets what the real one wrote, and returns where the line ends. */
function faulty(fault: (out: Uint8Array, at: number, end: number, record: RecordView) => number): FuzzedFormat {
  const { make, ...rest } = FUZZED_FORMATS[0];
  return {
    ...rest,
    make: (): LineFormat => {
      const format = make();
      return {
        period: (seconds, lengthSeconds) => format.period(seconds, lengthSeconds),
        bound: (record) => format.bound(record),
        write: (out, at, record) => fault(out, at, format.write(out, at, record), record),
      };
    },
  };
}

async function tries(format: FuzzedFormat): Promise<void> {
  const harness = new Harness([format]);
  try {
    await harness.try(captureOf(FORGERY));
  } finally {
    harness.close();
  }
}

describe('fuzzing', function () {
  this.timeout(60_000 + SECONDS * 1000);

  it(`finds nothing in ${SECONDS} s`, async () => {
    const { captures, frames, records } = await fuzz(SECONDS, Date.now() % 2 ** 32);
    // Even on a machine that does much else at the same time.
    assert.ok(captures >= 100 && frames >= captures && records > 0, `${captures} captures, ${frames} frames, ${records} records`);
  });

  it('tries the same captures for the same seed', () => {
    const seeds = loadSeeds();
    const list = (seed: number): Uint8Array[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 50 }, () => nextCapture(random, seeds));
    };
    assert.deepEqual(list(7), list(7));
    assert.notDeepEqual(list(7), list(8));
  });

  it('notices a line that is forged, a byte that is not escaped, a line beyond its bound', async () => {
    await assert.rejects(tries(faulty((out, at, end) => {
      out[at + 20] = 0x0a;
      return end;
    })), /lines/);
    await assert.rejects(tries(faulty((out, _, end) => {
      out[end - 2] = 0x1b;
      return end;
    })), /printable/);
    await assert.rejects(tries(faulty((_out, _at, end, record) => end + record.values.length * 5 + 4096)), /bound/);
  });

  it('notices a read outside the frame, whether it shows or not', async () => {
    const behind = (record: RecordView): number => record.frame.capturedEnd;
    await assert.rejects(tries(faulty((out, _, end, record) => {
      out[end - 2] = record.addressBytes[behind(record)] === 0x31 ? 0x31 : 0x30;
      return end;
    })), /poison/);
    await assert.rejects(tries(faulty((_out, _at, end, record) => end + (record.addressBytes[behind(record)] & 0))), RangeError);
  });

  it('takes a file that is none for what it is', async () => {
    const harness = new Harness();
    try {
      for (const content of [new Uint8Array(0), join(Uint8Array.of(0x1f, 0x8b), new Uint8Array(30)), fenced(new Uint8Array(5), 0).bytes]) await harness.try(content);
      assert.deepEqual([harness.frames, harness.records], [0, 0]);
      await harness.try(captureOf(FORGERY));
      assert.deepEqual([harness.frames, harness.records], [1, 1]);
    } finally {
      harness.close();
    }
  });
});
