import assert from 'node:assert/strict';
import { keepsFlow } from '../../src/policy/flow_sample.js';
import { SeededRandom } from '../support/random.js';

const address = (random: SeededRandom, length: number): number[] => Array.from({ length }, () => random.below(256));

/** Whether one in `n` means the flow, from either side. */
function keeps(n: number, a: readonly number[], aPort: number, b: readonly number[], bPort: number): boolean {
  const bytes = Uint8Array.from([9, ...a, 9, ...b]);
  const [first, second] = [1, 2 + a.length];
  const kept = keepsFlow(n, bytes, first, second, a.length, aPort, bPort);
  assert.equal(keepsFlow(n, bytes, second, first, a.length, bPort, aPort), kept, 'both directions are judged alike');
  return kept;
}

describe('policy: -sample', () => {
  it('1 keeps every flow', () => {
    assert.equal(keeps(1, [10, 0, 0, 1], 1024, [10, 0, 0, 2], 80), true);
  });

  it('keeps about one flow in N, both directions, of either family', () => {
    const random = new SeededRandom(4);
    for (const length of [4, 16]) {
      for (const n of [2, 3, 10, 64]) {
        let kept = 0;
        for (let flow = 0; flow < 6400; flow++) if (keeps(n, address(random, length), random.below(65536), address(random, length), 80)) kept++;
        const expected = 6400 / n;
        assert.ok(Math.abs(kept - expected) < 4 * Math.sqrt(expected) + 1, `${kept} of 6400, one in ${n}`);
      }
    }
  });

  it('spreads flows that differ in a client port alone', () => {
    let kept = 0;
    for (let port = 32768; port < 32768 + 4096; port++) if (keeps(16, [10, 0, 0, 1], port, [10, 0, 0, 2], 80)) kept++;
    assert.ok(kept > 190 && kept < 330, String(kept));
  });

  it('has the documented hash: these flows stay chosen from release to release', () => {
    const chosen = Array.from({ length: 60 }, (_, i) => 40000 + i).filter((port) => keeps(8, [192, 0, 2, 1], port, [198, 51, 100, 7], 80));
    assert.deepEqual(chosen, documented(8));
  });
});

/** The hash as README.md tells it, in big integers. */
function documented(n: number): number[] {
  const mask = 0xffffffffn;
  const hash = (bytes: readonly number[]): bigint => {
    let sum = 0x811c9dc5n;
    for (const byte of bytes) sum = ((sum ^ BigInt(byte)) * 0x01000193n) & mask;
    sum ^= sum >> 16n;
    sum = (sum * 0x85ebca6bn) & mask;
    sum ^= sum >> 13n;
    sum = (sum * 0xc2b2ae35n) & mask;
    return sum ^ (sum >> 16n);
  };
  return Array.from({ length: 60 }, (_, i) => 40000 + i)
    .filter((port) => (hash([192, 0, 2, 1, port >> 8, port & 255, 198, 51, 100, 7, 0, 80]) & 0x7fffffffn) % BigInt(n) === 0n);
}
