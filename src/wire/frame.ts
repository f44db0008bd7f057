// A frame while it is decoded, and what decoding found: offsets into the bytes, nothing copied. One object is used for every
// frame, so its values hold until the next one is decoded.

import { MAX_ENCAPS } from './encap.js';
import { OUTCOME } from './outcome.js';

/** VLAN ids kept of a frame; deeper tags are passed over. */
export const MAX_VLANS = 16;

export class Frame {
  /** where the next header begins; after decoding, the TCP payload */
  at = 0;
  /** one past the last byte that belongs to the current layer: captured, and inside the IP length */
  end = 0;
  /** one past the last captured byte */
  capturedEnd = 0;
  /** whether the frame was captured to its last byte */
  whole = true;
  /** offset of the source address */
  source = 0;
  /** offset of the destination address */
  destination = 0;
  /** bytes of an address: 4 or 16 */
  addressLength = 4;
  sourcePort = 0;
  destinationPort = 0;
  /** offset of the TCP header */
  segment = 0;
  /** first fragment of a datagram: the rest of the message is elsewhere */
  fragmented = false;
  /** VLAN ids, outer first */
  readonly vlans = new Uint16Array(MAX_VLANS);
  vlanCount = 0;
  /** wrappers that were opened, outer first: numbers of ENCAPS, and the ids of those that have one */
  readonly encaps = new Uint8Array(MAX_ENCAPS);
  readonly encapIds = new Uint32Array(MAX_ENCAPS);
  encapCount = 0;

  /**
   * Makes ready for a frame.
   * @param at offset of its first byte
   * @param length captured bytes
   * @param wireLength bytes on the wire
   */
  begin(at: number, length: number, wireLength: number): void {
    this.at = at;
    this.end = at + length;
    this.capturedEnd = this.end;
    this.whole = length >= wireLength;
    this.fragmented = false;
    this.vlanCount = 0;
    this.encapCount = 0;
  }

  /**
   * Notes that a wrapper is opened.
   * @param encap one of ENCAP
   * @param id its VNI, TEID or session, 0 where it has none
   * @returns false when there are MAX_ENCAPS already: the frame is not followed further
   */
  enter(encap: number, id: number): boolean {
    if (this.encapCount === MAX_ENCAPS) return false;
    this.encaps[this.encapCount] = encap;
    this.encapIds[this.encapCount++] = id;
    return true;
  }

  /** The outcome for a header that does not fit before `end`: cut by the snaplen, or the frame is to blame. */
  tooShort(): number {
    return this.end === this.capturedEnd && !this.whole ? OUTCOME.CUT_SHORT : OUTCOME.MALFORMED;
  }
}
