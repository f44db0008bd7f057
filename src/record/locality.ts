// Which addresses are this host's, and what kind of record that makes (SPEC section 1).

import type { Network } from '../config/settings.js';
import { KIND } from './kinds.js';

/** A list of addresses and networks, ready to be asked once a record. */
export class LocalAddresses {
  /** whole IPv4 addresses as 32-bit integers */
  private readonly ipv4 = new Set<number>();
  /** whole IPv6 addresses by a hash of theirs */
  private readonly ipv6 = new Map<number, Uint8Array[]>();
  private readonly networks: Network[] = [];

  constructor(networks: readonly Network[]) {
    for (const network of networks) {
      const { bytes, prefix } = network;
      if (prefix < bytes.length * 8) this.networks.push(network);
      else if (bytes.length === 4) this.ipv4.add(int32(bytes, 0));
      else this.addIpv6(bytes);
    }
  }

  /** Whether the address of `length` bytes (4 or 16) at `at` is in the list. */
  has(bytes: Uint8Array, at: number, length: number): boolean {
    if (length === 4) {
      if (this.ipv4.has(int32(bytes, at))) return true;
    } else if (this.hasIpv6(bytes, at)) {
      return true;
    }
    for (let i = 0; i < this.networks.length; i++) {
      const network = this.networks[i];
      if (network.bytes.length === length && matches(bytes, at, network)) return true;
    }
    return false;
  }

  private addIpv6(bytes: Uint8Array): void {
    const hash = ipv6Hash(bytes, 0);
    const bucket = this.ipv6.get(hash);
    if (bucket === undefined) this.ipv6.set(hash, [bytes]);
    else bucket.push(bytes);
  }

  private hasIpv6(bytes: Uint8Array, at: number): boolean {
    const bucket = this.ipv6.get(ipv6Hash(bytes, at));
    if (bucket === undefined) return false;
    for (let i = 0; i < bucket.length; i++) {
      let same = 0;
      while (same < 16 && bytes[at + same] === bucket[i][same]) same++;
      if (same === 16) return true;
    }
    return false;
  }
}

/** Four bytes as a signed number: a small integer for the engine, also where this is not inlined, so no number object is made. */
function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function ipv6Hash(bytes: Uint8Array, at: number): number {
  return int32(bytes, at) ^ int32(bytes, at + 4) ^ int32(bytes, at + 8) ^ int32(bytes, at + 12);
}

function matches(bytes: Uint8Array, at: number, network: Network): boolean {
  const whole = network.prefix >> 3;
  for (let i = 0; i < whole; i++) if (bytes[at + i] !== network.bytes[i]) return false;
  const rest = network.prefix & 7;
  return rest === 0 || ((bytes[at + whole] ^ network.bytes[whole]) >> (8 - rest)) === 0;
}

/** The kind of a request, from whether its ends are local. */
export function requestKind(sourceLocal: boolean, destinationLocal: boolean): number {
  return sourceLocal && !destinationLocal ? KIND.SQ : KIND.CQ;
}

/** The kind of a response, from whether its ends are local. */
export function responseKind(sourceLocal: boolean, destinationLocal: boolean): number {
  return destinationLocal && !sourceLocal ? KIND.SR : KIND.CR;
}
