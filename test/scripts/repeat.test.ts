import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repeatCapture } from '../../scripts/traffic/repeat.js';
import { fixturePath } from '../support/fixtures.js';
import { readPcap } from '../support/frames/pcap_file.js';
import { oracle } from '../support/oracle.js';

const BASE = readFileSync(fixturePath('basic-keepalive.pcap'));

function repeated(base: Uint8Array, targetBytes: number) {
  const chunks: Uint8Array[] = [];
  const report = repeatCapture(Uint8Array.from(base), 80, targetBytes, (chunk) => chunks.push(chunk.slice()));
  return { report, file: Buffer.concat(chunks) };
}

describe('scripts: repeated traffic', () => {
  it('is as long as asked, give or take a frame, and adds up', () => {
    for (const target of [25, 5000, BASE.length, 100_000]) {
      const { report, file } = repeated(BASE, target);
      const { frames } = readPcap(file);
      assert.equal(report.bytes, file.length);
      assert.equal(report.frames, frames.length);
      assert.ok(file.length >= target && file.length < target + 1600, `${file.length} for ${target}`);
      const sum = frames.reduce((bytes, frame) => bytes + frame.bytes.length, 0);
      assert.ok(Math.abs(report.averageFrameBytes - sum / frames.length) < 1e-6);
    }
  });

  it('holds the same messages in every round, of other clients, in order of time', () => {
    const directory = mkdtempSync(join(tmpdir(), 'httplog-repeat-'));
    try {
      const rounds = 3;
      const { report, file } = repeated(BASE, 24 + (BASE.length - 24) * rounds);
      writeFileSync(join(directory, 'repeated.pcap'), file);
      const messages = oracle(join(directory, 'repeated.pcap'));
      const once = oracle(fixturePath('basic-keepalive.pcap'));
      assert.equal(report.rounds, rounds);
      assert.equal(report.messages, messages.length);
      const what = (list: typeof once) => list.map(({ method, target, status, host, contentType }) => [method, target, status, host, contentType]);
      assert.deepEqual(what(messages), [...what(once), ...what(once), ...what(once)]);
      const flows = new Set(messages.filter(({ method }) => method).map(({ src, sport }) => `${src} ${sport}`));
      assert.equal(flows.size, 3 * rounds);
      const times = messages.map(({ epoch }) => Number(epoch));
      assert.deepEqual(times, times.toSorted((a, b) => a - b));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('refuses a base it cannot repeat', () => {
    assert.throws(() => repeated(BASE.subarray(0, 24), 1000), /no frames/);
    for (const name of ['big-endian', 'nanoseconds', 'raw-ip']) {
      assert.throws(() => repeated(readFileSync(fixturePath(`${name}.pcap`)), 1000), /little-endian/, name);
    }
    assert.throws(() => repeated(BASE.subarray(0, 10), 1000), /little-endian/);
  });
});
