// What became of a frame on its way to a TCP payload. Every frame has exactly one outcome.

/** Outcomes of decoding; all but TCP are reasons to skip the frame. */
export const OUTCOME = {
  TCP: 0,
  /** ARP, LLDP, an EtherType that is not understood, … */
  NOT_IP: 1,
  /** IP, but UDP, ICMP, … or a tunnel that is not looked into */
  NOT_TCP: 2,
  /** a fragment that is not the first: it cannot start a message */
  FRAGMENT: 3,
  /** headers reach beyond the captured bytes */
  CUT_SHORT: 4,
  /** a header contradicts itself or its lower layer */
  MALFORMED: 5,
  /** a link type that is not understood, or an interface that is not described */
  LINK_TYPE: 6,
} as const;
