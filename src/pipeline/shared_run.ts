// The shared memory of a run, sized for what it does.

import { allocateBatchRing } from '../ring/batch_ring.js';
import { allocateLinkTable } from '../ring/link_table.js';
import { allocateLocalTable } from '../ring/local_table.js';
import { allocateSourceBoard } from '../ring/source_board.js';
import type { SharedRun } from './tasks.js';

const SLOT_BYTES = 4 << 20;
const SLOT_FRAMES = 32768;
/** A file waits for us: few slots stay in the processor's cache. */
const REPLAY_SLOTS = 4;
/** An interface does not: more slots bridge the moments in which the disk or a worker is busy. */
const LIVE_SLOTS = 8;

export function allocateSharedRun(live: boolean): SharedRun {
  return {
    ring: allocateBatchRing(live ? LIVE_SLOTS : REPLAY_SLOTS, SLOT_BYTES, SLOT_FRAMES),
    board: allocateSourceBoard(),
    links: allocateLinkTable(),
    local: allocateLocalTable(),
  };
}
