// Community ID version 1, seed 0 (github.com/corelight/community-id-spec): one identifier for both directions of a flow, the same that
// Zeek, Suricata, Wireshark and Elastic give it.

import { SHA1_BYTES, sha1 } from '../bytes/sha1.js';
import { COLON, ascii } from '../bytes/ascii.js';
import { writeBytes } from '../bytes/write.js';
import type { RecordView } from './view.js';

/** Text of an identifier: `1:` and 28 characters of base64. */
export const COMMUNITY_ID_BYTES = 30;

const BASE64 = ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const EQUALS = 0x3d;
const ONE = 0x31;
const TCP = 6;
const SEED_BYTES = 2;
const MOST_TUPLE_BYTES = SEED_BYTES + 2 * 16 + 2 + 2 * 2;

/** Makes the identifiers of records, and remembers the last one: packets of a flow come in runs. */
export class CommunityId {
  /** seed, lower endpoint's address, higher endpoint's, protocol, zero, ports: what is hashed */
  private readonly tuple = new Uint8Array(MOST_TUPLE_BYTES);
  private tupleBytes = 0;
  private readonly hash = new Uint8Array(SHA1_BYTES);
  private readonly text = new Uint8Array(COMMUNITY_ID_BYTES);

  /**
   * Writes the identifier of the record's flow, of its addresses as the record shows them.
   * @returns the offset behind, COMMUNITY_ID_BYTES further
   */
  write(out: Uint8Array, at: number, record: RecordView): number {
    const { frame, addressBytes, source, destination } = record;
    const { addressLength, sourcePort, destinationPort } = frame;
    const same = isBefore(addressBytes, source, sourcePort, destination, destinationPort, addressLength)
      ? this.take(addressBytes, source, sourcePort, destination, destinationPort, addressLength)
      : this.take(addressBytes, destination, destinationPort, source, sourcePort, addressLength);
    if (!same) {
      sha1(this.tuple, this.tupleBytes, this.hash);
      this.encode();
    }
    return writeBytes(out, at, this.text);
  }

  /** Makes the tuple that of this flow. @returns whether it already was */
  private take(bytes: Uint8Array, low: number, lowPort: number, high: number, highPort: number, addressLength: number): boolean {
    const { tuple } = this;
    const protocolAt = SEED_BYTES + 2 * addressLength;
    const tupleBytes = protocolAt + 6;
    let changed = this.tupleBytes ^ tupleBytes;
    this.tupleBytes = tupleBytes;
    for (let i = 0, at = SEED_BYTES; i < addressLength; i++, at++) {
      changed |= (tuple[at] ^ bytes[low + i]) | (tuple[at + addressLength] ^ bytes[high + i]);
      tuple[at] = bytes[low + i];
      tuple[at + addressLength] = bytes[high + i];
    }
    tuple[protocolAt] = TCP;
    tuple[protocolAt + 1] = 0;
    changed |= ((tuple[protocolAt + 2] << 8) | tuple[protocolAt + 3]) ^ lowPort;
    changed |= ((tuple[protocolAt + 4] << 8) | tuple[protocolAt + 5]) ^ highPort;
    tuple[protocolAt + 2] = lowPort >> 8;
    tuple[protocolAt + 3] = lowPort;
    tuple[protocolAt + 4] = highPort >> 8;
    tuple[protocolAt + 5] = highPort;
    return changed === 0;
  }

  /** The hash in base64 (RFC 4648 section 4); 20 bytes are six groups of three and one of two. */
  private encode(): void {
    const { hash, text } = this;
    text[0] = ONE;
    text[1] = COLON;
    let end = 2;
    for (let i = 0; i < SHA1_BYTES; i += 3) {
      const third = i + 2 < SHA1_BYTES ? hash[i + 2] : 0;
      const group = (hash[i] << 16) | (hash[i + 1] << 8) | third;
      text[end++] = BASE64[group >> 18];
      text[end++] = BASE64[(group >> 12) & 63];
      text[end++] = BASE64[(group >> 6) & 63];
      text[end++] = BASE64[group & 63];
    }
    text[COMMUNITY_ID_BYTES - 1] = EQUALS;
  }
}

/** Whether the first endpoint is the lower one: by address as a number, then by port. */
function isBefore(bytes: Uint8Array, first: number, firstPort: number, second: number, secondPort: number, addressLength: number): boolean {
  for (let i = 0; i < addressLength; i++) {
    const difference = bytes[first + i] - bytes[second + i];
    if (difference !== 0) return difference < 0;
  }
  return firstPort <= secondPort;
}
