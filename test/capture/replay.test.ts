import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { STOP_REQUEST } from '../../src/ring/batch_ring.js';
import { SOURCE } from '../../src/ring/source_board.js';
import { ReplayRig } from '../support/replay_run.js';
import { pattern, pcap } from '../support/savefile_builder.js';

/** A file of `count` frames of 100 bytes, `step` seconds apart. */
function timed(first: number, count: number, step: number): Uint8Array {
  return pcap({}, Array.from({ length: count }, (_, index) => ({ seconds: first + index * step, fraction: 0, data: pattern(100, index) })));
}

describe('a replay', function () {
  this.timeout(180_000);
  const rig = new ReplayRig(1024);
  after(() => rig.close());

  it('keeps the books: received, handed over, bytes, open', async () => {
    const file = timed(10, 50, 1);
    const run = await rig.bytes(file);
    assert.equal(run.frames.length, 50);
    assert.equal(rig.board.get(0, SOURCE.RECEIVED), 50);
    assert.equal(rig.board.get(0, SOURCE.HANDED), 50);
    assert.equal(rig.board.get(0, SOURCE.BYTES_READ), file.length);
    assert.equal(rig.board.get(0, SOURCE.BYTES_TOTAL), file.length);
    assert.equal(rig.board.get(0, SOURCE.OPEN), 0);
    assert.deepEqual(run.opened, [rig.path('capture')]);
  });

  it('ends each file with the watermark Infinity and never lowers it before', async () => {
    const run = await rig.run([rig.file('a', timed(100, 40, 1)), rig.file('b', timed(120, 40, 1))]);
    for (const source of [0, 1]) {
      const marks = run.batches.filter((batch) => batch.source === source).map(({ watermark }) => watermark[0]);
      assert.deepEqual(marks, marks.toSorted((left, right) => left - right));
      assert.deepEqual([marks[0], marks[marks.length - 1]], [source === 0 ? 100 : 120, Infinity]);
    }
  });

  it('reads the file whose newest frame is the oldest, so that none runs ahead', async () => {
    const run = await rig.run([rig.file('late', timed(500, 60, 1)), rig.file('a', timed(100, 60, 2)), rig.file('b', timed(101, 60, 2))]);
    assert.equal(run.frames.length, 180);
    // A slot holds 8 frames, 16 seconds: no frame comes later than that behind a newer one.
    let newest = 0;
    for (const { seconds } of run.frames) {
      assert.ok(seconds >= newest - 2 * 18, `${seconds} after ${newest}`);
      newest = Math.max(newest, seconds);
    }
    assert.deepEqual(run.frames.slice(-60).map(({ source }) => source), new Array(60).fill(0));
  });

  it('goes on with the others when a file is bad', async () => {
    const damaged = timed(1, 20, 1);
    damaged[24 + 116 * 9 + 11] = 0xff;
    const run = await rig.run([
      rig.path('absent'), rig.file('good', timed(50, 20, 1)), rig.file('damaged', damaged), rig.file('garbage', pattern(99, 1)), rig.file('last', timed(5, 5, 1)),
    ]);
    assert.equal(run.failures.length, 3);
    assert.equal(run.failures.filter((text) => text.includes('damaged: damaged at byte')).length, 1);
    assert.deepEqual(run.opened.map((name) => name.split('/').pop()), ['good', 'damaged', 'last']);
    const counts = [0, 1, 2].map((source) => run.frames.filter((frame) => frame.source === source).length);
    assert.deepEqual(counts, [20, 9, 5]);
    assert.deepEqual([0, 1, 2].map((row) => rig.board.get(row, SOURCE.HANDED)), counts);
  });

  it('numbers the frames of each file from 1', async () => {
    const run = await rig.run([rig.file('a', timed(100, 30, 2)), rig.file('b', timed(101, 30, 2))]);
    for (const source of [0, 1]) {
      const numbers = run.frames.filter((frame) => frame.source === source).map(({ number }) => number);
      assert.deepEqual(numbers, Array.from({ length: 30 }, (_, index) => index + 1));
    }
  });

  it('takes hundreds of files of one time side by side with a bounded number of descriptors', async () => {
    const wide = new ReplayRig(1024, 64, 4096);
    const files = Array.from({ length: 400 }, (_, index) => wide.file(`f${index}`, timed(100, 30, 1)));
    let most = 0;
    const timer = setInterval(() => { most = Math.max(most, readdirSync('/proc/self/fd').length); }, 1);
    const before = readdirSync('/proc/self/fd').length;
    const run = await wide.run(files);
    clearInterval(timer);
    assert.equal(run.frames.length, 400 * 30);
    assert.ok(most <= before + 140, `${most} descriptors`);
    assert.ok(readdirSync('/proc/self/fd').length <= before, 'every descriptor is closed');
    wide.close();
  });

  it('stops when asked to, also while a FIFO has no writer', async () => {
    for (const request of [STOP_REQUEST.DRAIN, STOP_REQUEST.ABANDON]) {
      const stopped = new ReplayRig(1024);
      execFileSync('mkfifo', [stopped.path('fifo')]);
      const { run, ended } = stopped.start([stopped.path('fifo'), stopped.file('a', timed(1, 5, 1))]);
      setTimeout(() => stopped.owner.requestStop(request), 50);
      await ended; // it would wait for a writer for ever
      assert.deepEqual(run.failures, []);
      stopped.close();
    }
  });

  it('stops when the ring stays full', async () => {
    const full = new ReplayRig(1024, 64, 2);
    full.owner.requestStop(STOP_REQUEST.DRAIN);
    const run = await full.bytes(timed(1, 100, 1));
    assert.deepEqual([run.frames.length, run.failures.length], [0, 0]);
    full.close();
  });
});
