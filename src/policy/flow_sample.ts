// One flow in N, chosen by a hash of its ends, so that every packet of a flow, in both directions, in every run, worker and
// machine is judged alike.
//
//   hash = fmix32(FNV-1a 32 over: lower end, higher end)
//
// An end is its address (4 or 16 bytes) and its port (2 bytes, network order); ends are ordered by address, then port. fmix32
// is MurmurHash3's finaliser: the remainder by N needs the low bits mixed. The flow is kept when the low 31 bits of the hash
// leave no remainder by N. There is no key: who chooses his ports can choose whether his flows are kept.

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Whether one flow in `n` (1 to 2^31 - 1) means this one. Addresses are of `length` bytes at their offsets. */
export function keepsFlow(
  n: number, bytes: Uint8Array, source: number, destination: number, length: number, sourcePort: number, destinationPort: number,
): boolean {
  let order = 0;
  for (let i = 0; i < length && order === 0; i++) order = bytes[source + i] - bytes[destination + i];
  if (order === 0) order = sourcePort - destinationPort;
  let hash = FNV_OFFSET;
  if (order <= 0) {
    hash = addEnd(hash, bytes, source, length, sourcePort);
    hash = addEnd(hash, bytes, destination, length, destinationPort);
  } else {
    hash = addEnd(hash, bytes, destination, length, destinationPort);
    hash = addEnd(hash, bytes, source, length, sourcePort);
  }
  return (mixed(hash) & 0x7fffffff) % n === 0;
}

function addEnd(hash: number, bytes: Uint8Array, address: number, length: number, port: number): number {
  let sum = hash;
  for (let i = 0; i < length; i++) sum = Math.imul(sum ^ bytes[address + i], FNV_PRIME);
  sum = Math.imul(sum ^ (port >> 8), FNV_PRIME);
  return Math.imul(sum ^ (port & 0xff), FNV_PRIME);
}

function mixed(hash: number): number {
  let sum = hash ^ (hash >>> 16);
  sum = Math.imul(sum, 0x85ebca6b);
  sum ^= sum >>> 13;
  sum = Math.imul(sum, 0xc2b2ae35);
  return sum ^ (sum >>> 16);
}
