// How large the kernel buffer of a packet socket came out. libpcap asks again for less when the kernel refuses and does not
// tell, but the buffer is mapped into this process, and the kernel lists every mapping.

import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Bytes of the mappings of a socket in a /proc/PID/maps listing.
 * @param socket as its /proc/PID/fd link reads: `socket:[INODE]`
 */
export function mappedBytes(maps: string, socket: string): number {
  let bytes = 0;
  for (const line of maps.split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (range === null || !line.endsWith(` ${socket}`)) continue;
    bytes += Number(BigInt(`0x${range[2]}`) - BigInt(`0x${range[1]}`));
  }
  return bytes;
}

/** Bytes of the buffer mapped from socket `fd`, or undefined where /proc does not tell. */
export function grantedBufferBytes(fd: number): number | undefined {
  try {
    const bytes = mappedBytes(readFileSync('/proc/self/maps', 'latin1'), readlinkSync(`/proc/self/fd/${fd}`));
    return bytes === 0 ? undefined : bytes;
  } catch {
    return undefined;
  }
}
