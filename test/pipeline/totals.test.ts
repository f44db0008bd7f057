import assert from 'node:assert/strict';
import type { WriteTotals } from '../../src/log/write_ledger.js';
import { Totals } from '../../src/pipeline/totals.js';
import { COUNTER, COUNTERS, SKIP_REASONS } from '../../src/record/counters.js';
import { SOURCE, SourceBoard, allocateSourceBoard } from '../../src/ring/source_board.js';
import { SeededRandom } from '../support/random.js';

const NOTHING: WriteTotals = { linesDelivered: 0, linesWritten: 0, bytesWritten: 0, linesLost: 0, linesHeldBack: 0, writeErrors: 0, linesMended: 0 };

type Row = Partial<Record<keyof typeof COUNTER, number>>;

function counters(row: Row): Float64Array {
  const vector = new Float64Array(COUNTERS);
  for (const [name, value] of Object.entries(row)) vector[COUNTER[name as keyof typeof COUNTER]] = value;
  return vector;
}

function boardRow(board: SourceBoard, row: number, numbers: Partial<Record<keyof typeof SOURCE, number>>): void {
  for (const [name, value] of Object.entries(numbers)) board.set(row, SOURCE[name as keyof typeof SOURCE], value);
}

function totals(): { totals: Totals; board: SourceBoard } {
  const board = new SourceBoard(allocateSourceBoard());
  return { totals: new Totals(board), board };
}

/** Every `a = b + c …` of the lines must be true; remarks in brackets are parts of the number before them. */
function checkEquations(lines: readonly string[]): number {
  let checked = 0;
  for (const line of lines) {
    const [left, right] = line.replace(/\([^)]*\)/g, '').split(' = ');
    if (right === undefined) continue;
    const sum = right.split(' + ').reduce((total, part) => total + Number.parseInt(part, 10), 0);
    assert.equal(Number.parseInt(left.split(': ')[1], 10), sum, line);
    const reasons = /skipped \(([^)]*)\)/.exec(line)?.[1];
    const skipped = Number(/(\d+) skipped/.exec(line)?.[1] ?? 0);
    if (reasons !== undefined) {
      assert.equal(reasons.split(', ').reduce((total, part) => total + Number.parseInt(part, 10), 0), skipped, line);
    }
    checked++;
  }
  return checked;
}

describe('pipeline: totals', () => {
  it('say what SPEC section 5 wants of an interface', () => {
    const { totals: all, board } = totals();
    all.opened(0, 'eth0', true);
    boardRow(board, 0, { RECEIVED: 120, DROPPED: 5, HANDED: 110, PREFILTER: 3, INTERFACE_DROPPED: 4, BUFFER_FULL: 2, OPEN: 1 });
    all.addBatch(0, counters({
      FRAMES: 100, PARSED: 60, NOT_IP: 10, NOT_TCP: 9, OTHER_PORT: 8, FRAGMENT: 7, CUT_SHORT: 3, MALFORMED: 2, LINK_TYPE: 1,
      EMPTY: 20, NO_MESSAGE: 15, TLS: 4, HTTP2: 1, RECORDS: 25, TRUNCATED: 2, MALFORMED_MESSAGE: 1,
    }));
    assert.deepEqual(all.lines({ ...NOTHING, linesWritten: 25, bytesWritten: 2500 }), [
      'eth0: 120 received = 113 handed over + 5 dropped by the kernel (buffer full 2 times) + 2 waiting in the kernel',
      'eth0: 113 handed over = 60 parsed + 43 skipped (10 not IP, 9 not TCP, 8 other port, 7 later fragment, 3 cut short, '
      + '2 malformed, 1 link type, 3 prefilter) + 10 in the ring',
      'eth0: of the parsed 20 without payload, 15 begin no message (4 TLS hellos, 1 HTTP/2 prefaces)',
      'eth0: records 25 CQ, 0 CR, 0 SQ, 0 SR (2 truncated, 1 malformed); 4 dropped by the interface',
      '25 lines and 2500 bytes written, 0 lines lost, 0 write errors',
    ]);
  });

  it('say it of a file, shorter', () => {
    const { totals: all, board } = totals();
    all.opened(0, 'a.pcap', false);
    boardRow(board, 0, { RECEIVED: 3, HANDED: 3 });
    all.addBatch(0, counters({ FRAMES: 3, PARSED: 2, FILTERED: 1, EMPTY: 1, RECORDS: 1 }));
    assert.deepEqual(all.lines({ ...NOTHING, linesWritten: 1, bytesWritten: 1, linesLost: 1, writeErrors: 1 }), [
      'a.pcap: 3 received = 3 handed over + 0 dropped by the kernel',
      'a.pcap: 3 handed over = 2 parsed + 1 skipped (1 filter)',
      'a.pcap: of the parsed 1 without payload, 0 begin no message',
      'a.pcap: records 1 CQ, 0 CR, 0 SQ, 0 SR',
      '1 line and 1 byte written, 1 line lost, 1 write error',
    ]);
  });

  it('what is in the ring when the run is abandoned is lost', () => {
    const { totals: all, board } = totals();
    all.opened(0, 'a', false);
    boardRow(board, 0, { HANDED: 7 });
    assert.ok(all.lines(NOTHING, true)[1].endsWith(' + 7 lost at the end'));
    assert.ok(all.lines(NOTHING)[1].endsWith(' + 7 in the ring'));
  });

  it('the equations hold for any counters, at any moment', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 300; round++) {
      const { totals: all, board } = totals();
      const sources = 1 + random.below(4);
      for (let source = 0; source < sources; source++) {
        const live = random.below(2) === 1;
        all.opened(source, `if${source}`, live);
        for (let batch = random.below(4); batch > 0; batch--) {
          const vector = new Float64Array(COUNTERS);
          for (const row of [COUNTER.PARSED, ...SKIP_REASONS.map(([counter]) => counter)]) {
            vector[row] = random.below(1000);
            vector[COUNTER.FRAMES] += vector[row];
          }
          all.addBatch(source, vector);
          board.add(source, SOURCE.HANDED, vector[COUNTER.FRAMES]);
        }
        board.add(source, SOURCE.HANDED, random.below(3) * random.below(500));
        if (live) boardRow(board, source, { DROPPED: random.below(50), PREFILTER: random.below(50) });
        const known = board.get(source, SOURCE.HANDED) + board.get(source, SOURCE.DROPPED) + board.get(source, SOURCE.PREFILTER);
        board.set(source, SOURCE.RECEIVED, known + random.below(100));
      }
      assert.equal(checkEquations(all.lines(NOTHING)), sources * 2);
    }
  });

  it('the equations hold while the board lags behind the workers', () => {
    const { totals: all, board } = totals();
    all.opened(0, 'eth0', true);
    boardRow(board, 0, { RECEIVED: 50, HANDED: 40, DROPPED: 3 });
    all.addBatch(0, counters({ FRAMES: 60, PARSED: 50, NOT_IP: 10 }));
    assert.equal(checkEquations(all.lines(NOTHING)), 2);
    assert.ok(all.lines(NOTHING)[0].startsWith('eth0: 63 received = 60 handed over + 3 dropped'));
  });

  it('a source that is opened again keeps its numbers', () => {
    const { totals: all } = totals();
    all.opened(1, 'eth0', true);
    all.addBatch(1, counters({ FRAMES: 2, PARSED: 2 }));
    all.opened(1, 'eth0', true);
    all.addBatch(1, counters({ FRAMES: 1, PARSED: 1 }));
    assert.equal(all.sum(COUNTER.PARSED), 3);
    assert.ok(all.lines(NOTHING)[1].includes('= 3 parsed'));
  });

  it('a batch that comes before its source is opened is not lost', () => {
    const { totals: all, board } = totals();
    board.set(0, SOURCE.HANDED, 2);
    all.addBatch(0, counters({ FRAMES: 2, PARSED: 2 }));
    assert.equal(all.sum(COUNTER.FRAMES), 2);
    all.opened(0, 'a.pcap', false);
    assert.equal(all.lines(NOTHING)[1], 'a.pcap: 2 handed over = 2 parsed + 0 skipped');
  });

  it('sums over all sources', () => {
    const { totals: all, board } = totals();
    for (const row of [0, 1]) {
      all.opened(row, `if${row}`, true);
      all.addBatch(row, counters({ FRAMES: 3, NOT_IP: 3 }));
      board.set(row, SOURCE.DROPPED, 10 + row);
    }
    board.set(2, SOURCE.DROPPED, 1000); // not opened
    assert.deepEqual([all.sum(COUNTER.NOT_IP), all.boardSum(SOURCE.DROPPED)], [6, 21]);
  });

  it('names the sources that were closed, each once for each time it was open', () => {
    const { totals: all, board } = totals();
    for (const row of [0, 1]) {
      all.opened(row, `if${row}`, true);
      board.set(row, SOURCE.OPEN, 1);
    }
    assert.deepEqual(all.closedSources(), []);
    board.set(1, SOURCE.OPEN, 0);
    assert.deepEqual(all.closedSources(), [1]);
    assert.deepEqual(all.closedSources(), []);
    board.set(1, SOURCE.OPEN, 1);
    all.opened(1, 'if1', true);
    assert.deepEqual(all.closedSources(), []);
    board.set(0, SOURCE.OPEN, 0);
    board.set(1, SOURCE.OPEN, 0);
    assert.deepEqual(all.closedSources(), [0, 1]);
  });

  it('a row that another interface took over leaves its numbers to the closed ones', () => {
    const { totals: all, board } = totals();
    boardRow(board, 0, { RECEIVED: 5, HANDED: 5 });
    all.opened(0, 'veth1', true);
    all.addBatch(0, counters({ FRAMES: 5, PARSED: 5 }));
    all.opened(0, 'veth2', true);
    all.opened(0, 'veth2', true);
    all.opened(0, 'veth3', true);
    boardRow(board, 0, { RECEIVED: 8, HANDED: 8 });
    all.addBatch(0, counters({ FRAMES: 3, PARSED: 3 }));
    const lines = all.lines(NOTHING);
    assert.deepEqual(lines.filter((line) => line.includes('received')), [
      'veth3: 3 received = 3 handed over + 0 dropped by the kernel', '2 closed interfaces: 5 received = 5 handed over + 0 dropped by the kernel',
    ]);
  });

  describe('of -i any', () => {
    const received = (all: Totals): string[] => all.lines(NOTHING).filter((line) => line.includes(' received = '))
      .map((line) => line.replace(/ received.*/, ''));

    it('fold the interfaces that are gone into one set of lines, however many come and go', () => {
      const board = new SourceBoard(allocateSourceBoard());
      const all = new Totals(board, true);
      all.opened(0, 'eth0', true);
      board.set(0, SOURCE.OPEN, 1);
      for (let row = 1; row <= 300; row++) {
        all.opened(row, `veth${row}`, true);
        boardRow(board, row, { RECEIVED: 10, HANDED: 7, DROPPED: 2, PREFILTER: 1 });
        all.addBatch(row, counters({ FRAMES: 7, PARSED: 6, NOT_IP: 1 }));
        all.closed(row);
      }
      assert.equal(all.lines(NOTHING).length, 9);
      assert.equal(checkEquations(all.lines(NOTHING)), 4);
      assert.deepEqual(received(all), ['eth0: 0', '300 closed interfaces: 3000']);
    });

    it('an interface that is back begins anew; what it was before stays with the closed ones', () => {
      const board = new SourceBoard(allocateSourceBoard());
      const all = new Totals(board, true);
      all.opened(0, 'veth0', true);
      boardRow(board, 0, { RECEIVED: 10, HANDED: 10 });
      all.addBatch(0, counters({ FRAMES: 6, PARSED: 6 }));
      all.closed(0);
      assert.deepEqual(received(all), ['1 closed interface: 10']);
      // a batch of its first life is still in the ring
      all.opened(0, 'veth0', true);
      assert.deepEqual(received(all), ['veth0: 4', '1 closed interface: 6']);
      all.addBatch(0, counters({ FRAMES: 4, PARSED: 4 }));
      boardRow(board, 0, { RECEIVED: 15, HANDED: 15 });
      all.addBatch(0, counters({ FRAMES: 5, PARSED: 5 }));
      assert.deepEqual(received(all), ['veth0: 9', '1 closed interface: 6']);
      assert.ok(all.lines(NOTHING).every((line) => !/in the ring|waiting/.test(line)), all.lines(NOTHING).join('\n'));
    });

    it('numbers never go back, and nothing is counted twice, in any order of events', () => {
      const random = new SeededRandom(7);
      const board = new SourceBoard(allocateSourceBoard());
      const all = new Totals(board, true);
      const open = new Set<number>();
      const unparsed = new Map<number, number>();
      let handed = 0;
      for (let step = 0; step < 3000; step++) {
        const row = random.below(6);
        const choice = random.below(4);
        if (!open.has(row)) {
          all.opened(row, `veth${row}`, true);
          open.add(row);
        } else if (choice === 0) {
          all.closed(row);
          open.delete(row);
        } else if (choice === 1) {
          const frames = 1 + random.below(9);
          board.set(row, SOURCE.RECEIVED, board.get(row, SOURCE.RECEIVED) + frames);
          board.set(row, SOURCE.HANDED, board.get(row, SOURCE.HANDED) + frames);
          unparsed.set(row, (unparsed.get(row) ?? 0) + frames);
          handed += frames;
        } else {
          const frames = random.below((unparsed.get(row) ?? 0) + 1);
          unparsed.set(row, (unparsed.get(row) ?? 0) - frames);
          all.addBatch(row, counters({ FRAMES: frames, PARSED: frames }));
        }
        const reports = all.reports();
        assert.equal(reports.reduce((sum, report) => sum + report.received, 0), handed, `step ${step}`);
        for (const report of reports) assert.ok(report.parsed >= 0 && report.inRing >= 0 && report.received === report.parsed + report.inRing);
      }
    });
  });
});
