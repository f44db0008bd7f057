// Threads that break while an interface is watched: a parsing worker is replaced and its mapped blocks go back to the kernel; the
// capture thread's end is the run's, with everything it had captured written.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { breakable, breakThread } from '../support/breaking_thread.js';
import { command } from '../support/command.js';
import { killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport } from '../support/totals.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';

/** More bytes than the kernel's buffer has, so that blocks which do not come back would be missed. */
const FLOOD = 12_000;
const FRAME_BYTES = 1000;
const ROUNDS = 3;

describe('live: a thread breaks', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let frames: ReturnType<typeof frameFile>;
  before(() => {
    network = makeNetwork('e2ebroken');
    frames = frameFile(Array.from({ length: FLOOD }, () => request(FRAME_BYTES)));
  });
  after(() => {
    killStarted();
    network?.close();
    frames?.remove();
  });

  const flood = (): unknown => command(sendArguments(network.client, frames.path, 1));

  for (const [way, workers] of [['afpacket', 1], ['afpacket', 2], ['libpcap', 1], ['libpcap', 2]] as const) {
    it(`${way}, -cpu ${workers}: the parser is replaced, capture goes on, every frame is counted`, async () => {
      await withDirectory(async (directory) => {
        const tokens = join(directory, 'tokens');
        mkdirSync(tokens);
        const options = ['-i', 'eth0', '-capture', way, '-cpu', String(workers), '-o', 'json', '-d', directory];
        const httplog = await startHttplog(network.server, options, { env: breakable('batch', tokens) }).ready();
        for (let round = 1; round <= ROUNDS; round++) {
          send(network.client, [request(100)]);
          breakThread(tokens, round === 1 && workers > 1 ? 'exit' : 'throw');
          flood();
          await httplog.holds(`replacement ${round}`, () => httplog.stderr.split('another takes its place').length > round);
        }
        flood();
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 1, stderr);
        const { sources: [source], linesWritten, linesLost } = finalReport(stderr);
        assert.equal(source.received - (source.reasons['prefilter'] ?? 0), ROUNDS + (ROUNDS + 1) * FLOOD, stderr);
        assert.ok(source.lost > 0, stderr);
        assert.deepEqual([source.pending, linesLost], [0, 0], stderr);
        assert.ok(linesWritten >= FLOOD, stderr);
      });
    });
  }

  for (const [how, workers] of [['throw', 1], ['exit', 1], ['throw', 2], ['exit', 2]] as const) {
    it(`the capture thread, ${how}, -cpu ${workers}: everything captured is written, totals, exit 1`, async () => {
      await withDirectory(async (directory) => {
        const tokens = join(directory, 'tokens');
        mkdirSync(tokens);
        const options = ['-i', 'eth0', '-cpu', String(workers), '-o', 'json', '-d', '-'];
        const httplog = await startHttplog(network.server, options, { env: breakable('capture', tokens) }).ready();
        send(network.client, Array.from({ length: 1000 }, () => request(100)));
        await httplog.holds('the records', () => httplog.stdout.split('\n').length > 1000);
        breakThread(tokens, how);
        const { status, stdout, stderr } = await httplog.end();
        assert.equal(status, 1, stderr);
        assert.match(stderr, how === 'throw' ? /^httplog: (error: )?internal error, .*broken on purpose/m : /^httplog: (error: )?internal error, .*ended with code 3/m);
        const { sources: [source], linesWritten } = finalReport(stderr);
        assert.deepEqual([source.parsed, linesWritten, parseJsonLines(stdout).length], [1000, 1000, 1000], stderr);
      });
    });
  }
});
