// 100 MB/s of log output: long requests, each a line of some 3.5 kB, at the rate that makes it. A minute of it by hand:
//
//     OUTPUT_RATE_SECONDS=60 npx mocha --no-config --timeout 200000 dist/test/live/output_rate.test.js

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { killStarted, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport } from '../support/totals.js';
import { ethernet, frameFile, ipv4, tcp } from './libpcap_frames.js';

const SECONDS = Number(process.env['OUTPUT_RATE_SECONDS'] ?? 3);
const FRAMES = 1000;
const TARGET_BYTES = 1350;
/** Bytes of a second's lines. */
const RATE = 100_000_000;

describe('live: 100 MB/s of log output', function () {
  this.timeout(200_000);
  let network: TestNetwork;
  let frames: ReturnType<typeof frameFile>;
  before(() => {
    network = makeNetwork('e2erate');
    const request = new TextEncoder().encode(`GET /${'x'.repeat(TARGET_BYTES - 1)} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`);
    const frame = ethernet([0x0800], ipv4(6, tcp(40000, 80, request)));
    frames = frameFile(Array.from({ length: FRAMES }, () => frame));
  });
  after(() => {
    killStarted();
    frames?.remove();
    network?.close();
  });

  /** Sends the frames over and over at a rate. */
  function sendAtRate(framesASecond: number, loops: number): void {
    command(inNamespace(network.client, ['tcpreplay', '--quiet', '--preload-pcap', `--pps=${framesASecond}`, `--loop=${loops}`,
      `--intf1=${network.client.device}`, frames.path]), '', 190_000);
  }

  it(`for ${SECONDS} s: every frame is in the sums, every line that is counted is in the file`, async () => {
    await withDirectory(async (directory) => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-o', 'ecs', '-s', '0', '-d', directory]).ready();
      const file = (): string | undefined => readdirSync(directory).filter((name) => name.startsWith('http-')).map((name) => join(directory, name))[0];
      const size = (): number => (file() === undefined ? 0 : statSync(file()!).size);
      sendAtRate(FRAMES, 1);
      await httplog.holds('the first lines', () => size() > 0);
      let before = 0;
      await httplog.holds('all of them', () => before === (before = size()) && before / FRAMES > TARGET_BYTES);
      const lineBytes = before / FRAMES;
      const loops = Math.ceil((RATE * SECONDS) / lineBytes / FRAMES);
      const begin = performance.now();
      sendAtRate(Math.ceil(RATE / lineBytes), loops);
      const seconds = (performance.now() - begin) / 1000;
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const { sources: [source], linesWritten, linesLost, bytesWritten } = finalReport(stderr);
      assert.equal(source.received - (source.reasons['prefilter'] ?? 0), FRAMES * (loops + 1), stderr);
      assert.deepEqual([linesLost, source.pending, source.lost], [0, 0, 0], stderr);
      assert.equal(linesWritten + source.dropped, FRAMES * (loops + 1), stderr);
      assert.equal(size(), bytesWritten);
      // Beside other work the kernel drops some, and says so.
      assert.ok(bytesWritten > (RATE * SECONDS) / 20, stderr);
      if (process.env['OUTPUT_RATE_SECONDS'] !== undefined) {
        process.stdout.write(`      ${(bytesWritten / 1e6 / seconds).toFixed(0)} MB/s of lines for ${seconds.toFixed(1)} s, ${lineBytes.toFixed(0)} bytes each; `
          + `${source.dropped} of ${source.received} frames dropped\n`);
      }
    });
  });
});
