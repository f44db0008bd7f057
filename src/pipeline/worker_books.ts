// What a parsing worker owes, as main sees it: the batch it has claimed, the blocks it has passed on. When it dies the books are
// closed in its name: lines it had passed on stay, the frames behind them count as lost, its slot is free again and the batches
// behind it go on to the writer.

import { COUNTER, COUNTERS, framesDone } from '../record/counters.js';
import { BatchConsumer } from '../ring/batch_consumer.js';
import type { BatchRingMemory } from '../ring/batch_ring.js';
import { BLOCK, BLOCK_NUMBER, LineBlock, type LineBlockMemory } from '../ring/line_blocks.js';

export class WorkerBooks {
  private readonly blocks: readonly LineBlock[];
  /** by block: messages that it was passed */
  private readonly told: Int32Array;
  /** the block passed last */
  private last: LineBlock | undefined;
  private readonly heir: BatchConsumer;

  /** @param memories the worker's own line blocks */
  constructor(ring: BatchRingMemory, private readonly worker: number, memories: readonly LineBlockMemory[]) {
    this.blocks = memories.map((memory) => new LineBlock(memory));
    this.told = new Int32Array(memories.length);
    // It only takes over heads of batches: no mapped memory is looked at.
    this.heir = new BatchConsumer(ring);
  }

  /** The worker has said that it passed a block. @param block its number among the worker's own */
  tell(block: number): void {
    this.told[block]++;
    this.last = this.blocks[block];
  }

  /** The batch it works on while it waits for nobody; undefined: none, or its lines wait for the writer. */
  get workingOn(): number | undefined {
    return this.blocks.every((block) => block.isFree) ? this.heir.heldBy(this.worker) : undefined;
  }

  /** Of a dead worker: the block that it had passed and not told of; tell() and deliver it. */
  untold(): number | undefined {
    const block = this.blocks.findIndex(({ words }, number) => words[BLOCK.PASSES] !== this.told[number]);
    return block < 0 ? undefined : block;
  }

  /**
   * Ends a dead worker's batch; to be called when all blocks that it had passed are delivered.
   * @param tail a free block, to be delivered if it is full afterwards: the batch's last
   * @returns frames lost
   */
  settle(tail: LineBlock): number {
    const { heir, last } = this;
    if (!heir.adopt(this.worker)) return 0;
    let lost = 0;
    const sameBatch = last?.words[BLOCK.BATCH] === heir.batch;
    if (!sameBatch || last?.words[BLOCK.LAST] !== 1) {
      const counters = new Float64Array(COUNTERS);
      if (sameBatch) counters.set(last.numbers.subarray(BLOCK_NUMBER.COUNTERS, BLOCK_NUMBER.COUNTERS + COUNTERS));
      lost = heir.frames - framesDone(counters);
      counters[COUNTER.FRAMES] = heir.frames;
      counters[COUNTER.LOST] = lost;
      tail.close(heir, counters);
    }
    heir.release();
    return lost;
  }
}
