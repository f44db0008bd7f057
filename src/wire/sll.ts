// Linux cooked capture, version 1 and 2 (www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and LINKTYPE_LINUX_SLL2.html): a
// made-up header with the protocol type of what follows: an EtherType, but for the device types (ARPHRD_) named here.

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import type { Frame } from './frame.js';
import { radiotap } from './ieee80211.js';
import { llc } from './llc.js';
import { OUTCOME } from './outcome.js';

const V1_DEVICE = 2;
const V1_PROTOCOL = 14;
const V1_HEADER_BYTES = 16;
const V2_PROTOCOL = 0;
const V2_DEVICE = 8;
const V2_HEADER_BYTES = 20;
/** ETH_P_802_2 of linux/if_ether.h: an 802.2 frame */
const LINUX_802_2 = 0x0004;
/** ARPHRD_ of linux/if_arp.h: the protocol type is not one, a frame relay frame follows */
const DEVICE_FRAD = 770;
/** the protocol type is not one, a radiotap header follows */
const DEVICE_RADIOTAP = 803;
/** the protocol type is a number of netlink's */
const DEVICE_NETLINK = 824;

export function linuxSll(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < V1_HEADER_BYTES) return frame.tooShort();
  frame.at = at + V1_HEADER_BYTES;
  return payload(bytes, frame, be16(bytes, at + V1_DEVICE), be16(bytes, at + V1_PROTOCOL));
}

export function linuxSll2(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < V2_HEADER_BYTES) return frame.tooShort();
  frame.at = at + V2_HEADER_BYTES;
  return payload(bytes, frame, be16(bytes, at + V2_DEVICE), be16(bytes, at + V2_PROTOCOL));
}

function payload(bytes: Uint8Array, frame: Frame, device: number, protocol: number): number {
  switch (device) {
    case DEVICE_RADIOTAP: return radiotap(bytes, frame);
    case DEVICE_FRAD:
    case DEVICE_NETLINK: return OUTCOME.NOT_IP;
    default: return protocol === LINUX_802_2 ? llc(bytes, frame) : etherTypes[protocol];
  }
}
