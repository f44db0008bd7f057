import assert from 'node:assert/strict';
import { ProcessImage } from '../../src/host/process_image.js';
import { EventBatch } from '../../src/processes/event_batch.js';
import type { ProcessFormatter, ProcessRecord } from '../../src/processes/process_record.js';
import { UNKNOWN_PROCESS } from '../support/process_record.js';

const MS = 1_000_000n;
const PID = 42;

/** A line has the number and whether the program is known. */
const FORMATTER: ProcessFormatter = {
  bound: () => 64,
  write: (out, at, { pid, image }) => at + Buffer.from(out.buffer, at).write(`${pid} ${image.exe === undefined ? 'unknown' : 'known'}\n`),
};

const imageAt = (ms: bigint, stack: number): ProcessImage => new ProcessImage(Buffer.from('/bin/a'), Buffer.from('a\0'), false, PID, ms * MS, stack);
const record = (pid: number, ms: bigint, image: ProcessImage): ProcessRecord => ({ ...UNKNOWN_PROCESS, pid, timeNs: ms * MS, image });

function batch(): { batch: EventBatch; told: string[] } {
  const told: string[] = [];
  return {
    told,
    batch: new EventBatch(FORMATTER, new SharedArrayBuffer(4), (message) => {
      if (message.type === 'lost') told.push(`lost ${message.count}`);
      else if (message.type === 'batch') told.push(...Buffer.from(message.lines).toString().trimEnd().split('\n'));
    }),
  };
}

describe('process events on their way', () => {
  it('wait until nothing can cast doubt on them, each for itself', () => {
    const { batch: events, told } = batch();
    const late = imageAt(109n, 2);
    events.add(record(1, 100n, imageAt(100n, 1)), 100n * MS);
    events.add(record(2, 109n, late), 109n * MS);
    events.release(109n * MS);
    assert.deepEqual(told, []);
    events.release(110n * MS);
    assert.deepEqual(told, ['1 known']);
    // What was read at 109 ms was the program that the kernel tells of now.
    late.endedBy(PID, 111n * MS, imageAt(112n, 2));
    events.release(130n * MS);
    assert.deepEqual(told, ['1 known', '2 unknown']);
    assert.equal(events.dueNs, undefined);
  });

  it('wait for events that were heard, however late these are', () => {
    const { batch: events, told } = batch();
    events.add(record(1, 100n, imageAt(500n, 1)), 500n * MS); // read half a second after it happened
    events.release(300n * MS);
    events.release(505n * MS);
    assert.deepEqual(told, []);
    events.release(510n * MS);
    assert.deepEqual(told, ['1 known']);
  });

  it('are in doubt for good when what comes next is lost, which is told at its place', () => {
    const { batch: events, told } = batch();
    events.add(record(1, 100n, imageAt(50n, 1)), 100n * MS);
    events.add(record(2, 101n, imageAt(101n, 2)), 101n * MS);
    events.lost(7, 102n * MS);
    events.add(record(3, 103n, imageAt(103n, 3)), 103n * MS);
    events.release(200n * MS);
    assert.deepEqual(told, ['1 known', '2 unknown', 'lost 7', '3 known']);
  });

  it('do not wait without bound', () => {
    const { batch: events, told } = batch();
    for (let pid = 1; pid <= 40_000; pid++) events.add(record(pid, 100n, imageAt(100n, pid)), 100n * MS);
    assert.equal(told.length, 32_768);
    assert.equal(told[0], '1 unknown');
    events.flush();
    assert.equal(told.length, 40_000);
    assert.equal(told[39_999], '40000 known');
  });
});
