import assert from 'node:assert/strict';
import { writeWhole } from '../../src/log/write_whole.js';
import { INJECTED, chance, filesWith, firstBytes } from './support.js';

/** Files whose write() does one step of a plan after the other: takes so many bytes, or fails. */
function planned(steps: (number | Error)[]): { files: ReturnType<typeof filesWith>; text: () => string; calls: () => number } {
  const taken: Uint8Array[] = [];
  let calls = 0;
  const files = filesWith({
    write: async (_fd, parts) => {
      const step = steps[Math.min(calls++, steps.length - 1)];
      if (step instanceof Error) throw step;
      const bytes = firstBytes(parts, step);
      taken.push(bytes);
      return bytes.length;
    },
  });
  return { files, text: () => Buffer.concat(taken).toString('latin1'), calls: () => calls };
}

const PARTS = ['one\n', '', 'two and more\n', 'three\n'].map((text) => Buffer.from(text));
const TEXT = 'one\ntwo and more\nthree\n';

describe('writeWhole', () => {
  it('goes on after short writes, wherever they end', async () => {
    for (let first = 1; first <= TEXT.length; first++) {
      const plan = planned([first, 3, 1, 100]);
      assert.deepEqual(await writeWhole(plan.files, 9, PARTS, 0), { written: TEXT.length, error: undefined });
      assert.equal(plan.text(), TEXT);
    }
  });

  it('gives the same bytes under random short writes, interruptions and full pipes', async () => {
    const random = chance(7);
    for (let round = 0; round < 15; round++) {
      const steps = Array.from({ length: 12 }, () => [INJECTED.EINTR, INJECTED.EAGAIN, 0, 1 + random(6)][random(4)]);
      const plan = planned([...steps, 100]);
      assert.deepEqual(await writeWhole(plan.files, 9, PARTS, Infinity), { written: TEXT.length, error: undefined });
      assert.equal(plan.text(), TEXT);
    }
  });

  it('repeats an interrupted write at once, without patience', async () => {
    const plan = planned([INJECTED.EINTR, INJECTED.EINTR, 100]);
    assert.deepEqual(await writeWhole(plan.files, 9, PARTS, 0), { written: TEXT.length, error: undefined });
  });

  it('says how far it came when the disk is full', async () => {
    const plan = planned([6, INJECTED.ENOSPC]);
    assert.deepEqual(await writeWhole(plan.files, 9, PARTS, 0), { written: 6, error: INJECTED.ENOSPC });
    assert.equal(plan.text(), TEXT.slice(0, 6));
    assert.equal(plan.calls(), 2);
  });

  it('loses patience with a descriptor that takes nothing, after the time it was given', async () => {
    const plan = planned([2, INJECTED.EAGAIN]);
    assert.deepEqual(await writeWhole(plan.files, 9, PARTS, 20), { written: 2, error: INJECTED.EAGAIN });
    assert.ok(plan.calls() > 3 && plan.calls() < 10, `${String(plan.calls())} calls`);
  });

  it('does not spin on a write that takes nothing and says nothing', async () => {
    const plan = planned([0]);
    const { written, error } = await writeWhole(plan.files, 9, PARTS, 20);
    assert.equal(written, 0);
    assert.match(String(error), /accepts no bytes/);
    assert.ok(plan.calls() < 10);
  });

  it('writes nothing when there is nothing', async () => {
    const plan = planned([INJECTED.EIO]);
    assert.deepEqual(await writeWhole(plan.files, 9, [new Uint8Array(0)], 0), { written: 0, error: undefined });
    assert.equal(plan.calls(), 0);
  });
});
