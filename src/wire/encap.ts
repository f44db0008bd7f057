// The wrappers a record names in `encap`, and which of them are looked into (-decap).

/** Wrappers by number; `id` says that a number of theirs (VNI, TEID, session) belongs to the name. */
export const ENCAPS = [
  { name: 'ipip', id: false },
  { name: '6in4', id: false },
  { name: '4in6', id: false },
  { name: '6in6', id: false },
  { name: 'gre', id: false },
  { name: 'erspan', id: true },
  { name: 'vxlan', id: true },
  { name: 'geneve', id: true },
  { name: 'gtpu', id: true },
  { name: 'teredo', id: false },
  { name: 'ayiya', id: false },
  { name: 'gre-in-udp', id: false },
  { name: 'ah', id: false },
] as const;

export const ENCAP = {
  IPIP: 0, SIX_IN_FOUR: 1, FOUR_IN_SIX: 2, SIX_IN_SIX: 3, GRE: 4, ERSPAN: 5, VXLAN: 6, GENEVE: 7, GTPU: 8, TEREDO: 9, AYIYA: 10,
  GRE_IN_UDP: 11, AH: 12,
} as const;

/** The names that -decap takes; `gre` brings ERSPAN along. */
export const TUNNELS = [
  'ipip', '6in4', '4in6', '6in6', 'gre', 'vxlan', 'geneve', 'gtpu', 'teredo', 'ayiya', 'gre-in-udp', 'ah',
] as const;
export type Tunnel = (typeof TUNNELS)[number];

/** Wrappers around one another that are followed. */
export const MAX_ENCAPS = 8;
