import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generatedFrames, writeGenerated } from '../../bench/lib/generated.js';
import { copyPrefix, messagesAmong } from '../../bench/lib/pcap_prefix.js';
import { command } from '../support/command.js';
import { readPcap } from '../support/frames/pcap_file.js';

describe('captures of the benchmarks', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-captures-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const make = (ipv6: boolean): string => {
    const file = join(directory, `ipv6-${ipv6}.pcap`);
    assert.equal(writeGenerated(file, { frames: 30_000, flows: 29_000, messageShare: 0.01, frameBytes: 320, ipv6 }), 300);
    return file;
  };

  for (const ipv6 of [false, true]) {
    it(`are what they say to tshark: IPv${ipv6 ? 6 : 4}`, () => {
      const address = ipv6 ? 'ipv6' : 'ip';
      const fields = [`${address}.src`, 'tcp.srcport', `${address}.dst`, 'tcp.dstport'].flatMap((field) => ['-e', field]);
      const lines = command(['tshark', '-n', '-r', make(ipv6), '-T', 'fields', ...fields]).trimEnd().split('\n');
      assert.equal(lines.length, 30_000);
      const clients = lines.map((line) => {
        const [source, sourcePort, destination, destinationPort] = line.split('\t');
        return sourcePort === '80' ? `${destination} ${destinationPort}` : `${source} ${sourcePort}`;
      });
      assert.equal(new Set(clients).size, 29_000, 'as many flows as asked for');
    });
  }

  it('are the same frames with and without a file', () => {
    const options = { frames: 50, flows: 7, messageShare: 0.5, frameBytes: 300 };
    const file = join(directory, 'small.pcap');
    writeGenerated(file, options);
    const joined = Buffer.concat(readPcap(readFileSync(file)).frames.map(({ bytes }) => bytes));
    assert.deepEqual(joined, Buffer.from(generatedFrames(options)));
  });

  it('refuse frames that cannot hold a message', () => {
    assert.throws(() => generatedFrames({ frames: 1, flows: 1, messageShare: 1, frameBytes: 100 }), /no room/);
  });

  it('are cut at whole frames, and counted', () => {
    const file = make(false);
    const whole = readPcap(readFileSync(file));
    const path = join(directory, 'prefix.pcap');
    const prefix = copyPrefix(file, 1e6, path);
    const { frames } = readPcap(readFileSync(path));
    assert.deepEqual(frames, whole.frames.slice(0, Math.ceil((1e6 - 24) / 336)));
    assert.deepEqual([prefix.frames, prefix.bytes, prefix.averageFrameBytes], [frames.length, readFileSync(path).length, 320]);
    assert.equal(prefix.messages, Math.floor(frames.length / 100));
    assert.deepEqual(copyPrefix(file, Infinity), { path: file, bytes: readFileSync(file).length, frames: 30_000, messages: 300, averageFrameBytes: 320 });
    assert.deepEqual([0, 99, 100, 25_000, 70_000].map((count) => messagesAmong(file, count)), [0, 0, 1, 250, 300]);
  });
});
