// Addresses cut to prefixes (-anonymize): the record shows networks in place of hosts.

import { maskAddress } from '../config/network.js';
import type { PrefixLengths } from '../config/settings.js';
import type { RecordView } from '../record/view.js';

const LONGEST_ADDRESS = 16;

/** Replaces the addresses of a record by copies of which only the leading bits are left. */
export class Anonymizer {
  private readonly mask4: Uint8Array;
  private readonly mask6: Uint8Array;
  /** source, then destination; shared memory like the frames, so that the formats see one kind of array */
  private readonly scratch = new Uint8Array(new SharedArrayBuffer(2 * LONGEST_ADDRESS));

  constructor({ ipv4, ipv6 }: PrefixLengths) {
    this.mask4 = maskOf(ipv4, 4);
    this.mask6 = maskOf(ipv6, 16);
  }

  /** The copies hold until the next record. */
  apply(view: RecordView): void {
    const { scratch } = this;
    const mask = view.frame.addressLength === 4 ? this.mask4 : this.mask6;
    for (let i = 0; i < mask.length; i++) {
      scratch[i] = view.addressBytes[view.source + i] & mask[i];
      scratch[LONGEST_ADDRESS + i] = view.addressBytes[view.destination + i] & mask[i];
    }
    view.addressBytes = scratch;
    view.source = 0;
    view.destination = LONGEST_ADDRESS;
  }
}

/** The leading bits of an address, set. */
function maskOf(prefix: number, length: number): Uint8Array {
  return maskAddress(new Uint8Array(length).fill(0xff), prefix);
}
