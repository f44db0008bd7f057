// Service ports as a table: what is asked once a frame.

import type { PortRange } from '../config/settings.js';

/** 65536 entries, 1 for a service port. */
export function portTable(ranges: readonly PortRange[]): Uint8Array {
  const table = new Uint8Array(65536);
  for (const { first, last } of ranges) table.fill(1, first, last + 1);
  return table;
}
