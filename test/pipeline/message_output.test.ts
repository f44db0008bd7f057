import assert from 'node:assert/strict';
import { MessageOutput } from '../../src/pipeline/message_output.js';
import { filesWith } from '../log/support.js';

const LINE = `${'x'.repeat(1023)}\n`;
const MOST = 256;

/** An output whose writes take what they are given, or fail, when the test says so. */
function slow(): { output: MessageOutput; told: number[]; next: (error?: Error) => Promise<void>; text: () => string } {
  const told: number[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  let text = '';
  const files = filesWith({
    write: (_fd, parts) => new Promise((resolve, reject) => waiting.push((error) => {
      if (error !== undefined) return reject(error);
      text += Buffer.concat(parts as Uint8Array[]).toString();
      resolve(parts.reduce((sum, part) => sum + part.length, 0));
    })),
  });
  const next = async (error?: Error): Promise<void> => {
    waiting.shift()!(error);
    await new Promise(setImmediate);
  };
  return { output: new MessageOutput(9, (lines) => void told.push(lines), files), told, next, text: () => text };
}

describe('pipeline: message output', () => {
  it('holds a bounded number of lines while nobody reads, and tells how many were lost once somebody does', async () => {
    const { output, told, next, text } = slow();
    const taken = Array.from({ length: MOST + 10 }, () => output.put(LINE)).filter((was) => was).length;
    assert.equal(taken, MOST);
    await next();
    assert.deepEqual(told, [10], 'as soon as there is room');
    await next();
    assert.equal(text(), LINE.repeat(MOST));
    await output.written();
    assert.ok(output.put(LINE));
    await next();
    assert.deepEqual(told, [10], 'once');
  });

  it('goes on after a reader that is gone', async () => {
    const { output, next, text } = slow();
    output.put('lost\n');
    await next(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await output.written();
    output.put('seen\n');
    await next();
    assert.equal(text(), 'seen\n');
  });

  it('is written only when the last line is', async () => {
    const { output, next } = slow();
    let written = false;
    output.put('one\n');
    output.put('two\n');
    void output.written().then(() => (written = true));
    await next();
    assert.equal(written, false);
    await next();
    assert.equal(written, true);
  });
});
