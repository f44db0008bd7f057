import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { LogWriter } from '../../src/log/log_writer.js';
import { TimeMerge } from '../../src/log/time_merge.js';
import { MemorySink, chance, fill, isFree, makeBlock, type TestBatch } from './support.js';

/** A writer over `count` blocks, and what came of it. */
function setUp(count: number, sink = new MemorySink(), merge?: TimeMerge) {
  const blocks = Array.from({ length: count }, () => makeBlock(1, merge !== undefined));
  const batches: [source: number, counter: number, allFree: boolean][] = [];
  const writer = new LogWriter({
    blocks,
    sink,
    ...(merge === undefined ? {} : { merge }),
    onBatch: (source, counters) => batches.push([source, counters[3], blocks.every(isFree)]),
  });
  const deliver = (number: number, batch: TestBatch): void => {
    fill(blocks[number], batch);
    writer.deliver(number);
  };
  return { blocks, batches, writer, sink, deliver };
}

describe('LogWriter', () => {
  it('writes batches in the order of their numbers and gives their blocks back', async () => {
    const { blocks, batches, writer, sink, deliver } = setUp(3);
    deliver(0, { batch: 2, lines: [{ text: 'c' }], source: 7, counter: 2 });
    deliver(1, { batch: 1, lines: [{ text: 'b' }], source: 8, counter: 1 });
    await writer.idle();
    assert.equal(sink.text, '');
    assert.deepEqual(blocks.map(isFree), [false, false, true]);
    deliver(2, { batch: 0, lines: [{ text: 'a' }, { text: 'A' }], source: 9, counter: 0 });
    await writer.idle();
    assert.equal(sink.text, 'a\nA\nb\nc\n');
    assert.deepEqual(batches, [[9, 0, false], [8, 1, false], [7, 2, false]]);
    assert.deepEqual(blocks.map(isFree), [true, true, true]);
    assert.deepEqual([writer.totals.linesDelivered, writer.totals.linesWritten, writer.totals.bytesWritten], [4, 4, 8]);
  });

  it('writes and frees the first blocks of a batch before the rest has come', async () => {
    const { blocks, batches, writer, sink, deliver } = setUp(1);
    for (const [text, last] of [['a', false], ['b', false], ['c', true]] as const) {
      deliver(0, { batch: 0, last, lines: [{ text }] });
      await writer.idle();
      assert.ok(isFree(blocks[0]));
      assert.equal(batches.length, last ? 1 : 0);
    }
    assert.equal(sink.text, 'a\nb\nc\n');
  });

  it('passes batches without lines on, without a write', async () => {
    const { batches, writer, sink, deliver } = setUp(1);
    deliver(0, { batch: 0, lines: [], counter: 5 });
    await writer.idle();
    assert.deepEqual(batches, [[0, 5, false]]);
    assert.deepEqual(sink.writes, []);
  });

  it('gathers what has come into one write', async () => {
    const { writer, sink, deliver } = setUp(5);
    for (const batch of [4, 3, 2, 1, 0]) deliver(batch, { batch, lines: [{ text: String(batch) }] });
    await writer.idle();
    assert.deepEqual(sink.writes, ['0\n1\n2\n3\n4\n']);
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`keeps capture order with several workers, schedule ${String(seed)}`, async () => {
      const random = chance(seed);
      const workers = 1 + random(4);
      const blocksEach = 1 + random(3);
      const { blocks, batches, writer, sink, deliver } = setUp(workers * blocksEach, new MemorySink(async () => {
        for (let turns = random(3); turns > 0; turns--) await turn();
      }));
      const total = 60;
      let nextBatch = 0;
      let expected = '';
      const work = async (worker: number): Promise<void> => {
        let nextBlock = 0;
        while (nextBatch < total) {
          const batch = nextBatch++;
          const parts = 1 + random(5);
          for (let part = 0; part < parts; part++) {
            const number = worker * blocksEach + nextBlock;
            nextBlock = (nextBlock + 1) % blocksEach;
            while (!isFree(blocks[number])) await turn();
            const lines = Array.from({ length: random(4) }, (_, line) => ({ text: `${String(batch)}.${String(part)}.${String(line)}` }));
            written.set(`${String(batch)}.${String(part)}`, lines.map(({ text }) => `${text}\n`).join(''));
            for (let turns = random(4); turns > 0; turns--) await turn();
            deliver(number, { batch, lines, last: part === parts - 1, counter: batch });
          }
        }
      };
      const written = new Map<string, string>();
      await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
      await writer.close();
      for (let batch = 0; batch < total; batch++) {
        for (let part = 0; written.has(`${String(batch)}.${String(part)}`); part++) expected += written.get(`${String(batch)}.${String(part)}`)!;
      }
      assert.equal(sink.text, expected);
      assert.deepEqual(batches.map(([, counter]) => counter), Array.from({ length: total }, (_, batch) => batch));
      assert.equal(writer.totals.linesWritten, writer.totals.linesDelivered);
      assert.equal(writer.totals.linesDelivered, expected.split('\n').length - 1);
    });
  }

  it('reopens between two writes, also while busy', async () => {
    let go = (): void => undefined;
    const { writer, sink, deliver } = setUp(2, new MemorySink(() => new Promise<void>((resolve) => { go = resolve; })));
    deliver(0, { batch: 0, lines: [{ text: 'a' }] });
    const reopened = writer.reopen();
    await turn();
    assert.equal(sink.reopened, 0, 'not under a write');
    go();
    await reopened;
    assert.equal(sink.reopened, 1);
    await writer.reopen();
    assert.equal(sink.reopened, 2);
  });

  it('tends the sink when it is ticked', async () => {
    const { writer, sink } = setUp(1);
    writer.tick();
    await writer.idle();
    assert.equal(sink.tended, 1);
  });

  it('writes at close what waits for a batch that never came', async () => {
    const { blocks, batches, writer, sink, deliver } = setUp(3);
    deliver(0, { batch: 9, lines: [{ text: 'nine' }], counter: 9 });
    deliver(1, { batch: 4, last: false, lines: [{ text: 'four' }], counter: 4 });
    deliver(2, { batch: 6, lines: [{ text: 'six' }], counter: 6 });
    await writer.close();
    assert.equal(sink.text, 'four\nsix\nnine\n');
    assert.deepEqual(batches.map(([, counter]) => counter), [6, 9]);
    assert.ok(blocks.every(isFree) && sink.closed);
  });

  it('tells what a sink threw, and still comes to its end', async () => {
    const { batches, writer, sink, deliver } = setUp(2, new MemorySink(() => Promise.reject(new Error('a defect'))));
    deliver(0, { batch: 0, lines: [{ text: 'lost' }] });
    await assert.rejects(writer.broken, /a defect/);
    await writer.close();
    assert.ok(sink.closed);
    assert.deepEqual(batches, []);
    assert.deepEqual([writer.totals.linesDelivered, writer.totals.linesWritten], [1, 0]);
  });

  it('leaves its sink alone once it is closed', async () => {
    const { writer, sink } = setUp(1);
    await writer.close();
    writer.tick();
    await writer.reopen();
    await writer.idle();
    assert.deepEqual([sink.tended, sink.reopened], [0, 0]);
  });

  it('gives a block that comes after close back, its lines lost', async () => {
    const { blocks, writer, sink, deliver } = setUp(1);
    await writer.close();
    await writer.close();
    deliver(0, { batch: 0, lines: [{ text: 'late' }] });
    assert.ok(isFree(blocks[0]));
    assert.equal(sink.text, '');
    assert.deepEqual([writer.totals.linesDelivered, writer.totals.linesLost], [1, 1]);
  });

  describe('with several sources', () => {
    it('frees blocks at once, and writes by time when every source has come that far', async () => {
      const { blocks, batches, writer, sink, deliver } = setUp(2, new MemorySink(), new TimeMerge({ sources: 2 }));
      deliver(0, { batch: 0, source: 0, watermark: [20, 0], lines: [{ text: 'a10', seconds: 10 }, { text: 'a20', seconds: 20 }] });
      await writer.idle();
      assert.equal(sink.text, '');
      assert.ok(isFree(blocks[0]));
      assert.equal(batches.length, 1);
      deliver(1, { batch: 1, source: 1, watermark: [15, 0], lines: [{ text: 'b5', seconds: 5 }] });
      await writer.idle();
      assert.equal(sink.text, 'b5\na10\n');
      writer.sourceEnded(1);
      await writer.idle();
      assert.equal(sink.text, 'b5\na10\na20\n');
    });

    it('lets aged lines out when it is ticked', async () => {
      const { writer, sink, deliver } = setUp(1, new MemorySink(), new TimeMerge({ sources: 2, maxAgeMs: 0 }));
      deliver(0, { batch: 0, source: 0, watermark: [20, 0], lines: [{ text: 'a', seconds: 10 }] });
      await writer.idle();
      assert.equal(sink.text, '');
      writer.tick();
      await writer.idle();
      assert.equal(sink.text, 'a\n');
    });

    it('counts what the merge holds as lost when it is abandoned, once, and not what waits in blocks', async () => {
      const { writer, batches, deliver } = setUp(3, new MemorySink(), new TimeMerge({ sources: 2 }));
      deliver(0, { batch: 0, source: 0, watermark: [20, 0], lines: [{ text: 'a10', seconds: 10 }, { text: 'a20', seconds: 20 }] });
      deliver(1, { batch: 1, source: 1, watermark: [15, 0], lines: [{ text: 'b5', seconds: 5 }] });
      deliver(2, { batch: 3, source: 1, watermark: [30, 0], lines: [{ text: 'b30', seconds: 30 }] });
      await writer.idle();
      writer.abandon();
      writer.abandon();
      assert.equal(batches.length, 2);
      assert.deepEqual([writer.totals.linesDelivered, writer.totals.linesWritten, writer.totals.linesLost], [4, 2, 1]);
    });

    it('writes everything at close, batches behind a gap in their place in time', async () => {
      const { writer, sink, deliver } = setUp(2, new MemorySink(), new TimeMerge({ sources: 3 }));
      deliver(0, { batch: 0, source: 0, watermark: [20, 0], lines: [{ text: 'a', seconds: 10 }] });
      deliver(1, { batch: 2, source: 1, watermark: [20, 0], lines: [{ text: 'b', seconds: 5 }] });
      await writer.close();
      assert.equal(sink.text, 'b\na\n');
      assert.equal(writer.totals.linesWritten, 2);
    });
  });
});
