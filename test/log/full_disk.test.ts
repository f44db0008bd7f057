// The whole log on a file system that is really full: a tmpfs of a few pages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DailyFiles } from '../../src/log/daily_files.js';
import { LogWriter } from '../../src/log/log_writer.js';
import { TestLedger, fill, inDirectory, makeBlock, textOf } from './support.js';

const TMPFS_BYTES = 64 * 1024;

describe('the log on a full disk', () => {
  it('keeps whole lines, counts the lost ones and goes on when there is room', () => inDirectory(async (directory) => {
    assert.equal(process.getuid?.(), 0, 'mounting a tmpfs needs root: run the tests with sudo');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(TMPFS_BYTES)}`, 'httplog-test', directory]);
    try {
      await logOnto(directory);
    } finally {
      execFileSync('umount', [directory]);
    }
  }));
});

async function logOnto(directory: string): Promise<void> {
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(TMPFS_BYTES / 2));
  let now = 0;
  const ledger = new TestLedger(() => now);
  const sink = await DailyFiles.open({ directory, split: false, extension: 'log', ledger });
  const block = makeBlock();
  const writer = new LogWriter({ blocks: [block], sink, onBatch: () => undefined });
  let batch = 0;
  const known = new Set<string>();
  const write = async (batches: number): Promise<void> => {
    for (let round = 0; round < batches; round++) {
      now += 1_500;
      const lines = Array.from({ length: 30 }, (_, line) => ({ text: `<${String(batch)} ${String(line)} ${'x'.repeat(77)}>` }));
      for (const { text } of lines) known.add(text);
      fill(block, { batch: batch++, lines });
      writer.deliver(0);
      await writer.idle();
    }
  };
  const path = join(directory, 'http-20190901.log');

  await write(30);
  const full = textOf(path);
  assert.ok(full.endsWith('>\n'), 'the file ends with a whole line');
  assert.ok(ledger.linesLost > 0 && ledger.writeErrors > 0);
  assert.equal(full.length, ledger.bytesWritten);
  assert.match(ledger.errors[0].message, /http-20190901\.log: no space left on device \(ENOSPC\); make room/);
  assert.deepEqual([ledger.errors.length, ledger.recoveries], [1, 0]);

  rmSync(ballast);
  await write(5);
  assert.equal(ledger.recoveries, 1);
  await writer.close();
  const lines = textOf(path).split('\n');
  assert.equal(lines.pop(), '');
  for (const line of lines) assert.ok(known.has(line), line);
  assert.equal(lines.length, ledger.linesWritten);
  assert.equal(statSync(path).size, ledger.bytesWritten);
  assert.equal(ledger.linesWritten + ledger.linesLost, ledger.linesDelivered);
  assert.equal(ledger.linesDelivered, 35 * 30);
  assert.ok(lines.at(-1)!.startsWith('<34 29 '), 'the last line is the newest');
}
