// Parsing workers that throw, exit, run out of memory or never come back, broken from outside the command while it replays: each
// is replaced, the frames it was over are counted as lost, everything else is written, in order.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from '../live/libpcap_frames.js';
import { breakable, breakThread, type How, type Where } from '../support/breaking_thread.js';
import { type Ended, killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { pcap } from '../support/savefile_builder.js';
import { finalReport } from '../support/totals.js';

/** Of 88 bytes with their record header: three slots, the first two full of frames. */
const FRAMES = 80_000;
const SLOT_FRAMES = 32_768;
const FRAME_BYTES = 72;

describe('pipeline: a parsing worker that breaks', function () {
  this.timeout(180_000);

  const capture = pcap({}, Array.from({ length: FRAMES }, (_, index) => (
    { seconds: 1_600_000_000 + index, fraction: 0, data: request(FRAME_BYTES) })));

  let directory: string;
  let stuck: RunningHttplog;
  let often: RunningHttplog;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-broken-'));
    writeFileSync(join(directory, 'capture.pcap'), capture);
    // These take 20 s, and more than 10 s of pauses, beside the others.
    stuck = startBroken('batch', ['loop']);
    often = startBroken('batch', Array.from({ length: 9 }, () => 'throw'), 4);
  });
  after(() => {
    killStarted();
    rmSync(directory, { recursive: true });
  });

  /** Replays the capture with two workers, of which as many break as there are words. */
  function startBroken(where: Where, how: readonly How[], files = 1): RunningHttplog {
    const tokens = mkdtempSync(join(directory, 'tokens-'));
    for (const word of how) breakThread(tokens, word);
    const captures = Array.from({ length: files }, () => join(directory, 'capture.pcap'));
    return startHttplog(undefined, ['-r', ...captures, '-cpu', '2', '-o', 'json', '-d', '-'], { env: breakable(where, tokens) });
  }

  const replayBroken = (where: Where, how: readonly How[], files = 1): Promise<Ended> => startBroken(where, how, files).end();

  /** Every record that was written is one of the capture, whole, and in its order. */
  function ordinals(stdout: string): number[] {
    const frames = parseJsonLines(stdout).map(({ frame }) => Number(frame));
    assert.ok(frames.every((frame, at) => at === 0 || frames[at - 1] < frame), 'capture order');
    return frames;
  }

  const BROKEN = /^httplog: warning: a parsing worker broke, \d+ frames? (?:is|are) lost with it, another takes its place; internal error, .*$/gm;

  for (const [how, words] of [
    ['throw', /broken on purpose/], ['exit', /exited with code: 3/], ['memory', /memory limit/],
  ] as const) {
    it(`${how}: its batch is lost, told and counted, the others are written, exit 1`, async () => {
      const { status, stdout, stderr } = await replayBroken('batch', [how]);
      assert.equal(status, 1, stderr);
      const told = stderr.match(BROKEN) ?? [];
      assert.equal(told.length, 1, stderr);
      assert.match(told[0], words);
      const { sources: [source], linesWritten } = finalReport(stderr);
      assert.equal(source.received, FRAMES);
      assert.equal(source.pending, 0, stderr);
      assert.ok([SLOT_FRAMES, FRAMES - 2 * SLOT_FRAMES].includes(source.lost), stderr);
      assert.ok(told[0].includes(` ${source.lost} frames are lost`), told[0]);
      assert.equal(ordinals(stdout).length, linesWritten);
      assert.equal(linesWritten, FRAMES - source.lost);
    });
  }

  for (const where of ['before-word', 'after-word'] as const) {
    it(`in the middle of a batch, ${where}: the lines it had passed on stay`, async () => {
      const { status, stdout, stderr } = await replayBroken(where, ['throw']);
      assert.equal(status, 1, stderr);
      const { sources: [source], linesWritten } = finalReport(stderr);
      assert.ok(source.lost > 0 && source.lost < SLOT_FRAMES, stderr);
      assert.equal(ordinals(stdout).length, linesWritten);
      assert.equal(linesWritten, FRAMES - source.lost);
    });
  }

  it('again and again, over two files: each loss is counted, until it is too much', async () => {
    const some = await replayBroken('batch', ['throw', 'exit', 'throw', 'throw'], 2);
    assert.equal(some.status, 1);
    assert.equal(some.stderr.match(BROKEN)?.length, 4, some.stderr);
    const { sources, linesWritten } = finalReport(some.stderr);
    assert.deepEqual(sources.map(({ received, pending }) => [received, pending]), [[FRAMES, 0], [FRAMES, 0]]);
    assert.equal(linesWritten, 2 * FRAMES - sources[0].lost - sources[1].lost);
    assert.equal(parseJsonLines(some.stdout).length, linesWritten);

    const { status, stdout, stderr } = await often.end();
    assert.equal(status, 1);
    assert.equal(stderr.match(BROKEN)?.length, 8, stderr);
    assert.match(stderr, /more than 8 parsing workers broke within 10 minutes/);
    assert.equal(parseJsonLines(stdout).length, finalReport(stderr).linesWritten);
  });

  it('a worker that never comes back from a batch is replaced as well', async () => {
    const { status, stdout, stderr } = await stuck.end();
    assert.equal(status, 1, stderr);
    assert.match(stderr, /a parsing worker broke, \d+ frames are lost with it, another takes its place; .*over one batch for more than 20 s/);
    const { sources: [source], linesWritten } = finalReport(stderr);
    assert.equal(linesWritten, FRAMES - source.lost);
    assert.equal(ordinals(stdout).length, linesWritten);
  });
});
