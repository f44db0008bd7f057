// The shared memory of a run, sized for what it does.

import { allocateBatchRing } from '../ring/batch_ring.js';
import { allocateLinkTable } from '../ring/link_table.js';
import { allocateLocalTable } from '../ring/local_table.js';
import { allocateSourceBoard } from '../ring/source_board.js';
import { allocateWorkerBoard } from '../ring/worker_board.js';
import type { SharedRun } from './tasks.js';

/** Slots of a ring: how many, their bytes, and frames listed in one. */
const SIZES = {
  /** one slot is parsed while another is listed, and the two behind it are read */
  inline: [4, 4 << 20, 65536],
  /** a batch is parsed as soon as it is listed; what libpcap copies should stay in the cache */
  liveThread: [2, 1 << 20, 1024],
  /** a file waits for us: few slots */
  replay: [4, 4 << 20, 32768],
  /** an interface does not: more slots bridge the moments in which the disk or a worker is busy */
  live: [8, 4 << 20, 32768],
} as const;

/** How a run gets and parses its frames. */
export type RunWay = keyof typeof SIZES;

/** @param workers parsing workers */
export function allocateSharedRun(way: RunWay, workers = 1): SharedRun {
  const [slots, slotBytes, slotFrames] = SIZES[way];
  return {
    ring: allocateBatchRing(slots, slotBytes, slotFrames),
    board: allocateSourceBoard(),
    links: allocateLinkTable(),
    local: allocateLocalTable(),
    workers: allocateWorkerBoard(workers),
  };
}
