// Record kinds: who asks and who answers, seen from the observed host.

/** The four kinds, also the numbers of the files of -log_split. */
export const KIND = {
  /** request to a server here, or between others */
  CQ: 0,
  /** response of a server here, or between others */
  CR: 1,
  /** request of this host to somebody else's server */
  SQ: 2,
  /** response of somebody else's server to this host */
  SR: 3,
} as const;

export const KIND_NAMES = ['CQ', 'CR', 'SQ', 'SR'] as const;
