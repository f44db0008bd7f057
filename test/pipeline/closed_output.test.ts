// A reader of the records who leaves in the middle of a replay that goes on: the end is quiet, exit 0, however long it takes.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from '../live/libpcap_frames.js';
import { killStarted, startHttplog } from '../support/httplog.js';
import { pcap } from '../support/savefile_builder.js';

const FRAMES = 100;
/** The totals look for losses once a second: that one falls between the records which nobody reads. */
const PAUSE_MS = 1200;

describe('pipeline: standard output closed early', function () {
  this.timeout(180_000);
  after(killStarted);

  for (const options of [[], ['-cpu', '2'], ['-o', 'tsv']]) {
    it(`says nothing and exits 0: ${options.join(' ') || 'as it comes'}`, async () => {
      const capture = pcap({}, Array.from({ length: 3 * FRAMES }, (_, at) => ({ seconds: at, fraction: 0, data: request(100) })));
      const third = (capture.length - 24) / 3;
      const httplog = startHttplog(undefined, ['-r', '-', ...options], { stdin: 'pipe' });
      const { stdin, stdout } = httplog.child;
      stdin!.on('error', () => undefined); // it may end before it has read all
      stdin!.write(capture.subarray(0, 24 + third));
      await httplog.holds('the first records', () => httplog.stdout.split('\n').length > FRAMES);
      stdout!.destroy();
      stdin!.write(capture.subarray(24 + third, 24 + 2 * third));
      await sleep(PAUSE_MS);
      stdin!.end(capture.subarray(24 + 2 * third));
      const { status, stderr } = await httplog.end();
      assert.deepEqual([status, stderr], [0, '']);
    });
  }
});
