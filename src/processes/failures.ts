// Who gave a wrong password, by address: the answer takes longer each time, and after a few no answer is right for a while. Neither needs
// a timer. The table is bounded; whose failure is oldest is forgotten first.

import { parseAddress } from '../config/network.js';

export interface FailureLimits {
  /** before the answer to a wrong password; doubled with each further one of the address, up to LONGEST_DELAY_MS */
  readonly firstDelayMs: number;
  /** failures of an address after which it is refused */
  readonly most: number;
  /** how long it is refused then, from the last failure on; also how long a failure counts */
  readonly refusedMs: number;
  /** addresses remembered */
  readonly addresses: number;
}

export const FAILURE_LIMITS: FailureLimits = { firstDelayMs: 500, most: 5, refusedMs: 60_000, addresses: 4096 };
const LONGEST_DELAY_MS = 4_000;

interface Failed {
  count: number;
  atMs: number;
}

export class Failures {
  /** the one whose last failure is oldest in front */
  private readonly table = new Map<string, Failed>();

  /** @param now a monotonic clock, milliseconds */
  constructor(private readonly limits: FailureLimits = FAILURE_LIMITS, private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.table.size;
  }

  /** Whether nothing from there is accepted now, the right password neither. */
  refuses(address: string): boolean {
    return (this.find(address)?.count ?? 0) >= this.limits.most;
  }

  /** A wrong password came from there. @returns how often in a row */
  add(address: string): number {
    const count = (this.find(address)?.count ?? 0) + 1;
    this.table.delete(address);
    this.table.set(address, { count, atMs: this.now() });
    for (const oldest of this.table.keys()) {
      if (this.table.size <= this.limits.addresses) break;
      this.table.delete(oldest);
    }
    return count;
  }

  /** The right password came from there. */
  forget(address: string): void {
    this.table.delete(address);
  }

  /** How long the next refusal of that address is kept back. */
  delayMs(address: string): number {
    const count = this.find(address)?.count ?? 0;
    return count === 0 ? 0 : Math.min(this.limits.firstDelayMs * 2 ** (count - 1), LONGEST_DELAY_MS);
  }

  private find(address: string): Failed | undefined {
    const failed = this.table.get(address);
    if (failed === undefined || this.now() - failed.atMs < this.limits.refusedMs) return failed;
    this.table.delete(address);
    return undefined;
  }
}

const IPV4_MAPPED = /^::ffff:(?=\d+\.)/i;
const SUBSCRIBER_BYTES = 8; // a /64, which one host may have all of

/** How connections from an address are counted: IPv4 by the address, IPv6 by its /64. @param address as node:net says it */
export function countedAddress(address: string): string {
  const plain = address.replace(IPV4_MAPPED, '').replace(/%.*$/, '');
  const bytes = parseAddress(plain);
  return bytes?.length === 16 ? `${Buffer.from(bytes.subarray(0, SUBSCRIBER_BYTES)).toString('hex')}/64` : plain;
}
