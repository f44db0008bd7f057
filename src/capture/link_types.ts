// The two numberings of link layers (www.tcpdump.org/linktypes.html): LINKTYPE_ in files and in our tables, DLT_ in libpcap's
// calls. They differ in a few old numbers whose DLT_ value is not the same on every system; these are Linux's.

const LINKTYPE_TO_DLT = new Map([
  [14, 12], // raw IP as OpenBSD numbers it
  [100, 11], // ATM_RFC1483
  [101, 12], // RAW
  [102, 15], // SLIP_BSDOS
  [103, 16], // PPP_BSDOS
  [106, 19], // ATM_CLIP
]);
const DLT_TO_LINKTYPE = new Map([...LINKTYPE_TO_DLT].map(([linkType, dlt]) => [dlt, linkType]));

/** libpcap's number for a LINKTYPE_. */
export function linkTypeToDlt(linkType: number): number {
  return LINKTYPE_TO_DLT.get(linkType) ?? linkType;
}

/** The LINKTYPE_ for libpcap's number. */
export function dltToLinkType(dlt: number): number {
  return DLT_TO_LINKTYPE.get(dlt) ?? dlt;
}
