import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedOutputError } from '../../src/log/log_error.js';
import { StandardOutput } from '../../src/log/standard_output.js';
import { systemFiles } from '../../src/log/file_access.js';
import { INJECTED, TestLedger, filesWith, firstBytes, inDirectory, makeFifo, runOf, textOf } from './support.js';

const MODULE = new URL('../../src/log/', import.meta.url).href;

function setUp(options: { fd: number; files?: ReturnType<typeof filesWith> }) {
  const ledger = new TestLedger();
  const closed: ClosedOutputError[] = [];
  return { ledger, closed, sink: new StandardOutput({ ledger, onClosed: (error) => closed.push(error), ...options }) };
}

/** Reads what is there from a non-blocking descriptor. */
function readSome(fd: number): string {
  const bytes = Buffer.alloc(10_000);
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch (error) {
    assert.match(String(error), /EAGAIN/);
    return '';
  }
}

describe('StandardOutput', () => {
  it('writes everything in its order, whatever day and file', () => inDirectory(async (directory) => {
    const path = join(directory, 'out');
    const fd = openSync(path, 'w');
    const { sink, ledger } = setUp({ fd });
    await sink.write([runOf(['a']), runOf(['b'], 3), runOf(['c'])]);
    await sink.reopen();
    await sink.tend();
    await sink.write([runOf(['d', 'e'])]);
    await sink.close();
    closeSync(fd);
    assert.equal(textOf(path), 'a\nb\nc\nd\ne\n');
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten], [5, 10]);
  }));

  it('waits for a slow reader of a pipe, and loses nothing', () => inDirectory(async (directory) => {
    const path = join(directory, 'fifo');
    makeFifo(path);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY);
    const { sink, ledger } = setUp({ fd });
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${String(number)}`);
    let done = false;
    const written = sink.write([runOf(lines)]).then(() => { done = true; });
    await sleep(100);
    assert.equal(done, false, 'more than a pipe holds');
    let text = '';
    while (!done) {
      text += readSome(reader);
      await sleep(1);
    }
    await written;
    for (let more = readSome(reader); more !== ''; more = readSome(reader)) text += more;
    assert.equal(text, `${lines.join('\n')}\n`);
    assert.deepEqual([ledger.linesWritten, ledger.linesLost], [20_000, 0]);
    await sink.close();
    closeSync(fd);
    closeSync(reader);
  }));

  it('tells once that its reader is gone, and loses lines quietly from then on', () => inDirectory(async (directory) => {
    const path = join(directory, 'fifo');
    makeFifo(path);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY);
    const { sink, ledger, closed } = setUp({ fd });
    await sink.write([runOf(['read'])]);
    closeSync(reader);
    await sink.write([runOf(['a', 'b'])]);
    await sink.write([runOf(['c'])]);
    await sink.close();
    closeSync(fd);
    assert.equal(closed.length, 1);
    assert.ok(closed[0] instanceof ClosedOutputError);
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.errors.length], [1, 3, 0]);
  }));

  it('counts the lines that went out whole before the reader left', async () => {
    let step = 0;
    const { sink, ledger, closed } = setUp({
      fd: openSync('/dev/null', 'w'),
      files: filesWith({
        write: async () => {
          if (step++ > 0) throw INJECTED.EPIPE;
          return 5;
        },
      }),
    });
    await sink.write([runOf(['a', 'b', 'c'])]);
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, closed.length], [2, 1, 1]);
  });

  it('begins a new line after one that a full disk cut off', () => inDirectory(async (directory) => {
    const path = join(directory, 'out');
    const fd = openSync(path, 'w');
    const plan = [6, INJECTED.ENOSPC, INJECTED.ENOSPC, 1000];
    const { sink, ledger, closed } = setUp({
      fd,
      files: filesWith({
        write: async (to, parts) => {
          const step = plan.shift() ?? 1000;
          if (step instanceof Error) throw step;
          return systemFiles.write(to, [firstBytes(parts, step)]);
        },
      }),
    });
    await sink.write([runOf(['one', 'two'])]);
    await sink.write([runOf(['three'])]);
    await sink.write([runOf(['four'])]);
    await sink.close();
    closeSync(fd);
    assert.equal(textOf(path), 'one\ntw\nfour\n');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.linesMended, closed.length], [2, 2, 1, 0]);
    assert.match(ledger.errors[0].message, /^cannot write records to standard output: no space left on device \(ENOSPC\)/);
  }));

  it('does not keep the process from exiting when nobody reads', () => inDirectory(async (directory) => {
    const path = join(directory, 'fifo');
    makeFifo(path);
    const fd = openSync(path, constants.O_RDWR);
    const script = `
      const { StandardOutput } = await import(${JSON.stringify(`${MODULE}standard_output.js`)});
      const { WriteLedger } = await import(${JSON.stringify(`${MODULE}write_ledger.js`)});
      const sink = new StandardOutput({ ledger: new WriteLedger({ onError() {}, onRecovery() {} }), onClosed() {} });
      void sink.write([{ region: 0, period: 0, bytes: new Uint8Array(1 << 20).fill(10), lines: 1 << 20 }]);
      setTimeout(() => process.exit(7), 200);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', fd, 'inherit'] });
    const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const [code] = await once(child, 'exit') as [number | null];
    clearTimeout(patience);
    closeSync(fd);
    assert.equal(code, 7);
  }));
});
