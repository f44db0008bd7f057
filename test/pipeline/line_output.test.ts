import assert from 'node:assert/strict';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { COUNTER, COUNTERS } from '../../src/record/counters.js';
import { type BatchHead, type LineBlock, MAX_RECORDS, MAX_SEGMENTS } from '../../src/ring/line_blocks.js';
import { type Block, makeBlocks, readBlock } from '../support/blocks.js';
import { latin1 } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';

const HEAD: BatchHead = { batch: -2, source: 3, watermarkSeconds: 1567347411, watermarkNanoseconds: 5 };

interface RigForm {
  readonly regions?: number;
  readonly regionBytes?: number;
  readonly merging?: boolean;
  /** whether the writer gives blocks back at once */
  readonly writing?: boolean;
  readonly blocks?: number;
}

class Rig {
  readonly passed: Block[] = [];
  readonly numbers: number[] = [];
  readonly blocks: LineBlock[];
  readonly output: LineOutput;
  /** of the batch so far */
  readonly counters = new Float64Array(COUNTERS);
  abandoned = false;

  constructor({ regions = 1, regionBytes = 40, merging = false, writing = true, blocks = 2 }: RigForm = {}) {
    this.blocks = makeBlocks(blocks, regions, regionBytes, merging);
    this.output = new LineOutput(this.blocks, merging, (number) => {
      this.numbers.push(number);
      this.passed.push(readBlock(this.blocks[number]));
      if (writing) this.blocks[number].setFree();
    }, () => this.abandoned);
  }

  /** Writes a line; its bound is some bytes more than its length, as those of the formats are. */
  line(text: string, { region = 0, day = 1, seconds = 0, nanoseconds = 0, spare = 4 } = {}): boolean {
    const bytes = latin1(`${text}\n`);
    const at = this.output.reserve(HEAD, this.counters, region, day, bytes.length + spare);
    if (at < 0) return false;
    this.output.bytes.set(bytes, at);
    this.output.commit(at + bytes.length, seconds, nanoseconds);
    return true;
  }

  finish(counters = new Float64Array(COUNTERS)): boolean {
    return this.output.finish(HEAD, counters);
  }

  /** Everything of a region, in the order it was handed over. */
  textOf(region: number): string {
    return this.passed.flatMap(({ segments }) => segments).filter((segment) => segment.region === region).map(({ text }) => text).join('');
  }
}

describe('pipeline: line output', () => {
  it('a batch without lines is one last block with its head and counters', () => {
    const rig = new Rig();
    const counters = new Float64Array(COUNTERS).fill(7);
    assert.equal(rig.finish(counters), true);
    assert.deepEqual(rig.passed, [{
      batch: -2, source: 3, last: true, watermark: [1567347411, 5], segments: [], records: [], counters,
    }]);
  });

  it('lines of one day and region are one segment', () => {
    const rig = new Rig();
    for (const text of ['one', 'two', 'three']) rig.line(text);
    rig.finish();
    assert.deepEqual(rig.passed.map(({ segments, last }) => [segments, last]), [[[{ region: 0, day: 1, lines: 3, text: 'one\ntwo\nthree\n' }], true]]);
  });

  it('a new day begins a segment, and so does going back', () => {
    const rig = new Rig();
    for (const [text, day] of [['a', 1], ['b', 2], ['c', 2], ['d', 1]] as const) rig.line(text, { day });
    rig.finish();
    assert.deepEqual(rig.passed[0].segments.map(({ day, text }) => [day, text]), [[1, 'a\n'], [2, 'b\nc\n'], [1, 'd\n']]);
  });

  it('regions are filled side by side', () => {
    const rig = new Rig({ regions: 4 });
    for (const [text, region] of [['q', 0], ['r', 1], ['Q', 0], ['s', 3], ['R', 1]] as const) rig.line(text, { region });
    rig.finish();
    assert.deepEqual(rig.passed[0].segments.map(({ region, text }) => [region, text]), [[0, 'q\nQ\n'], [1, 'r\nR\n'], [3, 's\n']]);
  });

  it('a line that may not fit goes to the next block, and only the last one ends the batch', () => {
    const rig = new Rig({ regionBytes: 20 });
    for (const text of ['12345678', 'abcdefgh', 'x']) rig.line(text);
    rig.finish();
    assert.deepEqual(rig.passed.map(({ last, segments }) => [last, segments.map(({ text }) => text)]), [
      [false, ['12345678\n']], [true, ['abcdefgh\nx\n']],
    ]);
    assert.deepEqual(rig.numbers, [0, 1]);
  });

  it('a bound of exactly the room left is room enough', () => {
    const rig = new Rig({ regionBytes: 20 });
    rig.line('123456789', { spare: 10 });
    rig.line('123456789', { spare: 0 });
    rig.finish();
    assert.deepEqual(rig.passed.map(({ segments }) => segments.length), [1]);
    assert.equal(rig.passed[0].segments[0].text.length, 20);
  });

  it('one full region hands over all of them', () => {
    const rig = new Rig({ regions: 2, regionBytes: 20 });
    rig.line('r', { region: 1 });
    for (let i = 0; i < 4; i++) rig.line('12345678');
    rig.line('s', { region: 1 });
    rig.finish();
    assert.equal(rig.passed.length, 4);
    assert.deepEqual([rig.textOf(0), rig.textOf(1)], ['12345678\n'.repeat(4), 'r\ns\n']);
  });

  it('days without end fill the segments, not more', () => {
    const rig = new Rig({ regionBytes: 65536 });
    for (let day = 0; day < MAX_SEGMENTS + 3; day++) rig.line('x', { day });
    // The full block still takes lines of its last day: here those of the second block.
    rig.line('y', { day: MAX_SEGMENTS + 2 });
    rig.finish();
    assert.deepEqual(rig.passed.map(({ segments }) => segments.length), [MAX_SEGMENTS, 3]);
    assert.equal(rig.passed[1].segments[2].text, 'x\ny\n');
  });

  it('the last segment may still grow', () => {
    const rig = new Rig({ regionBytes: 65536 });
    for (let day = 0; day < MAX_SEGMENTS; day++) rig.line('x', { day });
    rig.line('y', { day: MAX_SEGMENTS - 1 });
    rig.finish();
    assert.equal(rig.passed.length, 1);
  });

  it('every random run of lines arrives whole, in the order of its region and day', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      const rig = new Rig({ regions: 4, regionBytes: 64 + random.below(100), blocks: 2 + random.below(3) });
      const expected = ['', '', '', ''];
      const counters = new Float64Array(COUNTERS);
      let batches = 0;
      for (let i = 0; i < 400; i++) {
        const region = random.below(4);
        const text = `${i}${'.'.repeat(random.below(40))}`;
        rig.line(text, { region, day: random.below(2), spare: random.below(10) });
        expected[region] += `${text}\n`;
        counters[COUNTER.FRAMES]++;
        if (random.below(50) === 0) {
          rig.finish(counters);
          batches++;
        }
      }
      rig.finish(counters);
      assert.deepEqual([0, 1, 2, 3].map((region) => rig.textOf(region)), expected);
      assert.equal(rig.passed.filter(({ last }) => last).length, batches + 1);
      for (const { segments } of rig.passed) {
        for (const { text, lines } of segments) assert.equal(text.split('\n').length - 1, lines);
      }
      assert.equal(rig.passed.at(-1)?.counters[COUNTER.FRAMES], 400);
      assert.deepEqual(rig.numbers, rig.numbers.map((_, i) => i % 2), 'two blocks serve a writer that keeps up');
    }
  });

  describe('merging', () => {
    it('keeps the time and place of every line', () => {
      const rig = new Rig({ regions: 2, merging: true });
      rig.line('one', { seconds: 10, nanoseconds: 999_999_999 });
      rig.line('other', { region: 1, seconds: 9, nanoseconds: 1 });
      rig.line('two', { day: 2, seconds: 2 ** 32 - 1 });
      rig.finish();
      assert.deepEqual(rig.passed[0].records, [
        { seconds: 10, nanoseconds: 999_999_999, segment: 0, line: 'one\n' },
        { seconds: 9, nanoseconds: 1, segment: 1, line: 'other\n' },
        { seconds: 2 ** 32 - 1, nanoseconds: 0, segment: 2, line: 'two\n' },
      ]);
    });

    it('hands a block over when its record index is full', () => {
      const rig = new Rig({ regionBytes: 1 << 20, merging: true });
      for (let i = 0; i <= MAX_RECORDS; i++) rig.line('x');
      rig.finish();
      assert.deepEqual(rig.passed.map(({ records }) => records.length), [MAX_RECORDS, 1]);
    });

    it('each block has an index of its own', () => {
      const rig = new Rig({ regionBytes: 20, merging: true });
      for (const text of ['12345678', 'abcdefgh']) rig.line(text);
      rig.finish();
      assert.deepEqual(rig.passed.map(({ records }) => records.map(({ line }) => line)), [['12345678\n'], ['abcdefgh\n']]);
    });
  });

  it('touches more blocks only while the writer is behind, and waits for the one it gives back first', () => {
    const rig = new Rig({ writing: false, blocks: 4 });
    for (let batch = 0; batch < 4; batch++) rig.finish();
    assert.deepEqual(rig.numbers, [0, 1, 2, 3]);
    rig.blocks[1].setFree();
    rig.finish();
    // All are full now, and 0 was passed first: while only a later one is free, that one is taken.
    rig.blocks[2].setFree();
    rig.finish();
    rig.abandoned = true;
    assert.equal(rig.finish(), false, 'all are full');
    rig.abandoned = false;
    for (const block of rig.blocks) block.setFree();
    for (let batch = 0; batch < 3; batch++) {
      rig.finish();
      rig.blocks[rig.numbers.at(-1) ?? 0].setFree();
    }
    assert.deepEqual(rig.numbers.slice(4), [1, 2, 0, 1, 0]);
  });

  it('leaves the block passed last alone, which may have to tell for whom it was', () => {
    const rig = new Rig({ blocks: 3 });
    for (let batch = 0; batch < 10; batch++) {
      rig.finish();
      assert.notEqual(rig.numbers.at(-1), rig.numbers.at(-2));
    }
  });

  describe('when the writer does not give blocks back', () => {
    it('gives up once the run is abandoned', () => {
      const rig = new Rig({ writing: false, regionBytes: 20 });
      assert.equal(rig.finish(), true);
      assert.equal(rig.finish(), true);
      rig.abandoned = true;
      assert.equal(rig.finish(), false);
      assert.equal(rig.passed.length, 2);
    });

    it('gives up in the middle of a batch, what was handed over stays', () => {
      const rig = new Rig({ writing: false, regionBytes: 20 });
      rig.line('12345678');
      rig.line('abcdefgh');
      rig.abandoned = true;
      assert.equal(rig.line('ABCDEFGH'), false);
      assert.deepEqual(rig.passed.map(({ segments }) => segments[0].text), ['12345678\n', 'abcdefgh\n']);
    });

    it('goes on with a block that comes back', () => {
      const rig = new Rig({ writing: false });
      rig.finish();
      rig.finish();
      rig.blocks[0].setFree();
      assert.equal(rig.line('x'), true);
      assert.equal(rig.finish(), true);
      assert.deepEqual(rig.numbers, [0, 1, 0]);
    });
  });
});
