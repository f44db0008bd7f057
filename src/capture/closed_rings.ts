// Mapped buffers of closed handles: taken away only when no worker can read there any more, for a read after that ends the process.

import { unmap } from '../host/libc.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import type { AfpacketBlocks } from './afpacket_blocks.js';

/** A buffer and where it is mapped. */
export interface MappedRing {
  readonly blocks: AfpacketBlocks;
  readonly address: bigint;
  readonly bytes: number;
}

/** One for all handles of the capture thread. What is lent out when the thread ends stays mapped until the process ends. */
export class ClosedRings {
  private rings: MappedRing[] = [];

  add(ring: MappedRing): void {
    this.rings.push(ring);
  }

  /** Unmaps those that the workers have released. */
  sweep(producer: BatchProducer): void {
    if (this.rings.length === 0) return;
    for (const { blocks } of this.rings) blocks.giveBack(producer);
    for (const { blocks, address, bytes } of this.rings) if (!blocks.lentOut) unmap(address, bytes);
    this.rings = this.rings.filter(({ blocks }) => blocks.lentOut);
  }
}
