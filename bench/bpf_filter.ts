// What a compiled BPF program costs a frame, against the same test written by hand in TypeScript.
//
//   npx tsc -p . && node dist/bench/bpf_filter.js
//
// The program is libpcap's for `tcp port 80` on Ethernet; frames are IPv4 TCP, of which one in four has the port.

import { compileBpf, type BpfFilter } from '../src/wire/bpf.js';

const PROGRAM = Uint32Array.from(
  [
    [40, 0, 0, 12], [21, 0, 6, 34525], [48, 0, 0, 20], [21, 0, 15, 6], [40, 0, 0, 54], [21, 12, 0, 80], [40, 0, 0, 56],
    [21, 10, 11, 80], [21, 0, 10, 2048], [48, 0, 0, 23], [21, 0, 8, 6], [40, 0, 0, 20], [69, 6, 0, 8191], [177, 0, 0, 14],
    [72, 0, 0, 14], [21, 2, 0, 80], [72, 0, 0, 16], [21, 0, 1, 80], [6, 0, 0, 262144], [6, 0, 0, 0],
  ].flat(),
);
const FRAMES = 4096;
const FRAME_BYTES = 64;
const ROUNDS = 2000;

function byHand(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < 34) return false;
  if (((bytes[offset + 12] << 8) | bytes[offset + 13]) !== 0x0800 || bytes[offset + 23] !== 6) return false;
  if ((((bytes[offset + 20] << 8) | bytes[offset + 21]) & 0x1fff) !== 0) return false;
  const tcp = 14 + ((bytes[offset + 14] & 15) << 2);
  if (length < tcp + 4) return false;
  const at = offset + tcp;
  return ((bytes[at] << 8) | bytes[at + 1]) === 80 || ((bytes[at + 2] << 8) | bytes[at + 3]) === 80;
}

function makeFrames(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(FRAMES * FRAME_BYTES));
  for (let frame = 0; frame < FRAMES; frame++) {
    const at = frame * FRAME_BYTES;
    bytes[at + 12] = 0x08;
    bytes[at + 14] = 0x45;
    bytes[at + 23] = 6;
    bytes[at + 34] = 0xc0;
    bytes[at + 35] = frame & 0xff;
    bytes[at + 37] = frame % 4 === 0 ? 80 : 22;
  }
  return bytes;
}

/** @returns nanoseconds a frame */
function measure(filter: BpfFilter, bytes: Uint8Array): number {
  let passed = 0;
  const start = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    for (let frame = 0; frame < FRAMES; frame++) {
      if (filter(bytes, frame * FRAME_BYTES, FRAME_BYTES, FRAME_BYTES)) passed++;
    }
  }
  const elapsedMs = performance.now() - start;
  if (passed !== (ROUNDS * FRAMES) / 4) throw new Error(`${passed} frames passed`);
  return (elapsedMs * 1e6) / (ROUNDS * FRAMES);
}

const frames = makeFrames();
const compiled = compileBpf(PROGRAM);
measure(compiled, frames);
measure(byHand, frames);
const compiledNs = measure(compiled, frames);
const byHandNs = measure(byHand, frames);
console.log(`compiled ${compiledNs.toFixed(1)} ns, by hand ${byHandNs.toFixed(1)} ns a frame: ${(compiledNs / byHandNs).toFixed(2)} x`);
