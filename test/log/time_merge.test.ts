import assert from 'node:assert/strict';
import { TimeMerge, type TimeMergeOptions } from '../../src/log/time_merge.js';
import { DAY, chance, fill, makeBlock, runText, type TestLine } from './support.js';

/** A merge fed with batches of `[text, seconds, nanoseconds]`. */
function setUp(options: TimeMergeOptions) {
  const merge = new TimeMerge(options);
  const block = makeBlock(4, true);
  return {
    merge,
    add(source: number, lines: readonly TestLine[], watermarkSeconds: number, nowMs = 0, last = true): void {
      fill(block, { batch: 0, source, lines, watermark: [watermarkSeconds, 0], last });
      merge.add(block, nowMs);
      block.bytes.fill(0x21);
      block.setFree();
    },
    /** Everything that may go out. */
    out(): string {
      let text = '';
      for (let runs = merge.take(); runs.length > 0; runs = merge.take()) text += runs.map(runText).join('');
      return text.replaceAll('\n', ' ').trim();
    },
  };
}

function at(seconds: number, name: string, nanoseconds = 0): TestLine {
  return { text: `${name}${String(seconds)}`, seconds, nanoseconds };
}

describe('TimeMerge', () => {
  it('holds lines until every source has come to their time', () => {
    const { add, out } = setUp({ sources: 2 });
    add(0, [at(1, 'a'), at(3, 'a')], 3);
    assert.equal(out(), '', 'source 1 has said nothing yet');
    add(1, [], 2);
    assert.equal(out(), 'a1');
    add(1, [at(2, 'b'), at(4, 'b')], 4);
    assert.equal(out(), 'b2 a3');
    add(0, [], 5);
    assert.equal(out(), 'b4');
  });

  it('compares nanoseconds', () => {
    const { add, out } = setUp({ sources: 2 });
    add(0, [at(1, 'a', 999_999_999), at(2, 'a', 1)], Infinity);
    add(1, [at(2, 'b', 0), at(2, 'c', 2)], Infinity);
    assert.equal(out(), 'a1 b2 a2 c2');
  });

  it('orders equal times by source, whichever came first', () => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
      const { add, out } = setUp({ sources: 3 });
      let text = '';
      for (const source of order) {
        add(source, [at(5, 'abc'[source]), at(5, 'ABC'[source])], 5);
        text += ` ${out()}`;
      }
      for (const source of order) add(source, [], 6);
      text += ` ${out()}`;
      assert.equal(text.trim(), 'a5 A5 b5 B5 c5 C5', order.join());
    }
  });

  it('never changes the order of one source, even when its clock goes back', () => {
    const { add, out } = setUp({ sources: 2 });
    add(0, [at(10, 'a'), at(4, 'a'), at(5, 'a'), at(20, 'a')], Infinity);
    add(1, [at(6, 'b'), at(15, 'b')], Infinity);
    assert.equal(out(), 'b6 a10 a4 a5 b15 a20');
  });

  it('keeps the watermark where it was when it goes back', () => {
    const { add, out } = setUp({ sources: 2 });
    add(1, [], 10);
    add(1, [], 2);
    add(0, [at(9, 'a')], 9);
    assert.equal(out(), 'a9');
  });

  it('takes the watermark of a batch only with its last block', () => {
    const { add, out } = setUp({ sources: 2 });
    add(0, [at(7, 'a')], 7);
    add(1, [at(1, 'b')], 9, 0, false);
    assert.equal(out(), 'b1');
    add(1, [at(6, 'b')], 9, 0, true);
    assert.equal(out(), 'b6 a7');
  });

  it('waits for sources that appear later, and no more for those at their end', () => {
    const { merge, add, out } = setUp({ sources: 1 });
    add(5, [], 3);
    add(0, [at(2, 'a'), at(4, 'a')], Infinity);
    assert.equal(out(), 'a2');
    merge.sourceEnded(5);
    assert.equal(out(), 'a4');
  });

  it('merges what an ended source still brings, without waiting for more', () => {
    const { merge, add, out } = setUp({ sources: 2 });
    add(1, [at(3, 'b')], 3);
    merge.sourceEnded(0);
    add(0, [at(1, 'a'), at(4, 'a')], 4);
    assert.equal(out(), 'a1 b3');
    add(1, [at(6, 'b')], Infinity);
    assert.equal(out(), 'a4 b6');
  });

  it('lets the oldest go first when the window is full, and holds no more than the window', () => {
    const { merge, add, out } = setUp({ sources: 3, windowBytes: 30 });
    add(0, [at(100, 'a'), at(102, 'a'), at(104, 'a')], 104);
    add(1, [at(101, 'b'), at(103, 'b')], 103);
    assert.equal(merge.isFull, false);
    assert.equal(out(), '', 'source 2 has said nothing yet');
    add(1, [at(105, 'b'), at(106, 'b')], 106);
    assert.equal(merge.isFull, true);
    assert.equal(out(), 'a100');
    assert.equal(merge.isFull, false);
    assert.equal(merge.heldBytes, 30);
    merge.flush();
    assert.equal(out(), 'b101 a102 b103 a104 b105 b106');
    assert.equal(merge.heldBytes, 0);
  });

  it('lets out what has waited too long, and what is older with it', () => {
    const { merge, add, out } = setUp({ sources: 3, maxAgeMs: 1000 });
    add(0, [at(5, 'a'), at(7, 'a')], 7, 100);
    add(1, [at(6, 'b'), at(8, 'b')], 8, 900);
    merge.expire(1099);
    assert.equal(out(), '');
    merge.expire(1100);
    assert.equal(out(), 'a5 b6 a7');
    merge.expire(1900);
    assert.equal(out(), 'b8');
  });

  it('flushes what is there, not what comes later', () => {
    const { merge, add, out } = setUp({ sources: 2 });
    add(0, [at(5, 'a')], 5, 10);
    merge.flush();
    assert.equal(out(), 'a5');
    add(0, [at(6, 'a')], 6, 11);
    assert.equal(out(), '');
  });

  it('keeps file and day of a line, and joins neighbours of one source', () => {
    const { merge, add } = setUp({ sources: 1 });
    add(0, [
      { text: 'a', seconds: 1, region: 2 }, { text: 'b', seconds: 2, region: 2 }, { text: 'c', seconds: 3, region: 0 },
      { text: 'd', seconds: 4, region: 2, day: DAY + 1 }, { text: 'e', seconds: 5, region: 2, day: DAY + 1 },
    ], Infinity);
    assert.deepEqual(merge.take().map((run) => [runText(run), run.region, run.period, run.lines]), [
      ['a\nb\n', 2, DAY, 2], ['c\n', 0, DAY, 1], ['d\ne\n', 2, DAY + 1, 2],
    ]);
  });

  for (let seed = 1; seed <= 10; seed++) {
    it(`sorts whatever order the batches come in, schedule ${String(seed)}`, () => {
      const random = chance(seed);
      const sources = 1 + random(6);
      const { add, out } = setUp({ sources });
      const all: [seconds: number, source: number, text: string][] = [];
      const queues = Array.from({ length: sources }, (_, source) => {
        let time = 0;
        return Array.from({ length: 10 + random(20) }, () => {
          const lines = Array.from({ length: random(5) }, () => {
            time += random(3);
            const line = { text: `${String(source)}:${String(all.length)}`, seconds: time };
            all.push([time, source, line.text]);
            return line;
          });
          return { lines, watermark: time };
        });
      });
      let text = '';
      while (queues.some((queue) => queue.length > 0)) {
        const source = random(sources);
        const batch = queues[source].shift();
        if (batch === undefined) continue;
        add(source, batch.lines, queues[source].length === 0 ? Infinity : batch.watermark);
        text += ` ${out()}`;
      }
      // Array sort is stable: a source's own order is the order of `all`.
      const expected = all.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , line]) => line);
      assert.deepEqual(text.trim().split(/ +/), expected);
    });
  }
});
