// Puts delivered blocks into the order of their batches. Several workers deliver: blocks of one batch in their order, batches
// in any. A batch's first blocks may be taken before its last has come: its worker may need them back to go on.

import { BLOCK, type LineBlock } from '../ring/line_blocks.js';

export class BatchOrder {
  private readonly waiting = new Map<number, LineBlock[]>();
  /** batch numbers are compared as signed words: they count modulo 2^32 */
  private next: number;

  /** @param first number of the first batch */
  constructor(first: number) {
    this.next = first | 0;
  }

  add(block: LineBlock): void {
    const batch = block.words[BLOCK.BATCH];
    const blocks = this.waiting.get(batch);
    if (blocks === undefined) this.waiting.set(batch, [block]);
    else blocks.push(block);
  }

  /** @returns the next block in order; undefined until it is delivered */
  take(): LineBlock | undefined {
    const blocks = this.waiting.get(this.next);
    const block = blocks?.shift();
    if (block === undefined || blocks === undefined) return undefined;
    const last = block.words[BLOCK.LAST] === 1;
    if (last || blocks.length === 0) this.waiting.delete(this.next);
    if (last) this.next = (this.next + 1) | 0;
    return block;
  }

  /** Goes on with the oldest batch there is: the ones before it will not come any more (their worker failed). */
  skipMissing(): void {
    let nearest = Infinity;
    for (const batch of this.waiting.keys()) nearest = Math.min(nearest, (batch - this.next) >>> 0);
    if (nearest !== Infinity) this.next = (this.next + nearest) | 0;
  }
}
