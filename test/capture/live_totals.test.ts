import assert from 'node:assert/strict';
import { type CountingHandle, LiveTotals } from '../../src/capture/live_totals.js';
import { SOURCE, SourceBoard, allocateSourceBoard } from '../../src/ring/source_board.js';

/** A handle whose counters the test sets. */
class Kernel implements CountingHandle {
  received = 0;
  dropped = 0;
  byInterface = 0;
  /** undefined: it does not tell */
  bufferFull: number | undefined = 0;
  readStatistics(into: Uint32Array): boolean {
    into.set([this.received, this.dropped, this.byInterface]);
    if (this.bufferFull !== undefined) into[3] = this.bufferFull;
    return true;
  }
}

describe('the totals of a live source', () => {
  let board: SourceBoard;
  let totals: LiveTotals;
  beforeEach(() => {
    board = new SourceBoard(allocateSourceBoard());
    totals = new LiveTotals(board, 2);
  });
  const row = (): number[] => [SOURCE.RECEIVED, SOURCE.DROPPED, SOURCE.HANDED, SOURCE.PREFILTER, SOURCE.OPEN].map((number) => board.get(2, number));

  it('call prefilter what came before the filter, at most what the kernel had counted by then', () => {
    const kernel = new Kernel();
    kernel.received = 10;
    totals.begin(kernel, true);
    kernel.received = 110;
    totals.hand(90);
    assert.equal(totals.refresh(kernel), 10);
    assert.deepEqual(row(), [110, 0, 90, 10, 1]);
    totals.hand(10);
    assert.equal(totals.settle(kernel), 0);
    assert.deepEqual(row(), [110, 0, 100, 10, 0]);
  });

  it('sum up how often the buffer was full, over handles of which not all tell', () => {
    const bufferFull = (): number => board.get(2, SOURCE.BUFFER_FULL);
    const kernel = new Kernel();
    totals.begin(kernel, true);
    kernel.bufferFull = 3;
    totals.settle(kernel);
    assert.equal(bufferFull(), 3);
    const silent = new Kernel();
    silent.bufferFull = undefined;
    totals.begin(silent, true);
    totals.settle(silent);
    assert.equal(bufferFull(), 3);
    const next = new Kernel();
    next.bufferFull = 1;
    totals.begin(next, true);
    next.bufferFull = 2;
    totals.settle(next);
    assert.equal(bufferFull(), 5);
  });

  it('count as dropped what was left behind', () => {
    const kernel = new Kernel();
    totals.begin(kernel, true);
    kernel.received = 100;
    kernel.dropped = 20;
    totals.hand(50);
    assert.equal(totals.settle(kernel), 30);
    assert.deepEqual(row(), [100, 50, 50, 0, 0]);
  });

  it('go on past 2^32, and over several handles', () => {
    const kernel = new Kernel();
    kernel.received = 0xfffffff0;
    totals.begin(kernel, false);
    kernel.received = 0x10;
    kernel.dropped = 5;
    totals.hand(0x100000010 - 5);
    assert.equal(totals.settle(kernel), 0);
    assert.deepEqual(row(), [0x100000010, 5, 0x100000010 - 5, 0, 0]);
    const next = new Kernel();
    next.received = 3;
    totals.begin(next, true);
    next.received = 7;
    totals.hand(4);
    assert.equal(totals.settle(next), 0);
    assert.deepEqual(row(), [0x100000017, 5, 0x10000000f, 3, 0]);
  });

  it('call prefilter whatever is left once the count is reached', () => {
    const kernel = new Kernel();
    totals.begin(kernel, true);
    kernel.received = 1000;
    totals.hand(10);
    totals.unbound();
    assert.equal(totals.settle(kernel), 0);
    assert.deepEqual(row(), [1000, 0, 10, 990, 0]);
  });

  it('know when no frame can be waiting', () => {
    const kernel = new Kernel();
    totals.begin(kernel, true);
    kernel.received = 2;
    totals.refresh(kernel);
    assert.equal(totals.complete, false);
    totals.hand(2);
    assert.equal(totals.complete, true);
  });
});
