// Another reader of pcap files, pcap-parser, counts the frames of our fixtures as we do, and gives them the same times.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Packet, parse } from 'pcap-parser';
import { fixturePath, loadFixtures } from '../support/fixtures.js';
import { httplog, parseJsonLines } from '../support/httplog.js';
import { lastReport } from '../support/totals.js';

/** It knows microseconds and whole files in plain pcap. */
const FILES = loadFixtures().filter(({ file }) => file.endsWith('.pcap') && !/nanoseconds|cut-file/.test(file));

/** Times of the frames of a file, seconds and microseconds, by frame number. */
async function frameTimes(path: string): Promise<string[]> {
  const times = ['there is no frame 0'];
  const parser = parse(path);
  parser.on('packet', ({ header }: Packet) => {
    times.push(`${header.timestampSeconds}.${String(header.timestampMicroseconds).padStart(6, '0')}`);
  });
  await once(parser, 'end');
  return times;
}

describe('replay: an independent reader', function () {
  this.timeout(180_000);

  it('counts the frames of every fixture it understands as we do, with the times of our records', async () => {
    assert.ok(FILES.length >= 30);
    const paths = FILES.map(({ file }) => fixturePath(file));
    const { sources } = lastReport(httplog(['-r', ...paths]).stderr);
    for (const path of paths) {
      const times = await frameTimes(path);
      assert.equal(sources.find(({ name }) => name === path)?.received, times.length - 1, path);
    }
    for (const file of ['basic-keepalive.pcap', 'big-endian.pcap', 'linux-sll2.pcap']) {
      const times = await frameTimes(fixturePath(file));
      const records = parseJsonLines(httplog(['-r', fixturePath(file), '-o', 'json']).stdout);
      assert.ok(records.length > 0);
      for (const { time, frame } of records) {
        const [seconds, micros] = times[Number(frame)].split('.');
        assert.equal(time, `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${micros}000Z`);
      }
    }
  });
});
