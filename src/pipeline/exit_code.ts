// Exit codes (SPEC section 6).

export const EXIT = {
  OK: 0,
  /** could not do it: interface, permission, file, disk; also when a record was lost to a write error */
  FAILED: 1,
  /** wrong usage or configuration */
  USAGE: 2,
} as const;
