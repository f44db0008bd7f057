// The two numberings of link layers (www.tcpdump.org/linktypes.html): LINKTYPE_ in files and in our tables, DLT_ in libpcap's
// calls. They differ in a few old numbers whose DLT_ value is not the same on every system; these are Linux's.

const DLT_TO_LINKTYPE = new Map([
  [11, 100], // ATM_RFC1483
  [12, 101], // RAW
  [15, 102], // SLIP_BSDOS
  [16, 103], // PPP_BSDOS
  [19, 106], // ATM_CLIP
]);

/** The LINKTYPE_ for libpcap's number. */
export function dltToLinkType(dlt: number): number {
  return DLT_TO_LINKTYPE.get(dlt) ?? dlt;
}
