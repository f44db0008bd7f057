import assert from 'node:assert/strict';
import { LogError } from '../../src/log/log_error.js';
import { TestLedger } from './support.js';

const FULL = new LogError('cannot write: full');

describe('WriteLedger', () => {
  it('reports the first error, then one a minute while it lasts, and the recovery once', () => {
    let now = 5;
    const ledger = new TestLedger(() => now);
    for (; now < 150_000; now += 500) ledger.failed(2, FULL);
    assert.equal(ledger.errors.length, 3);
    assert.deepEqual([ledger.linesLost, ledger.writeErrors], [600, 300]);
    now += 2_000;
    ledger.wrote(1, 10);
    ledger.wrote(1, 10);
    assert.equal(ledger.recoveries, 1);
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten], [2, 20]);
  });

  it('does not call it recovered while one file of several still fails', () => {
    let now = 0;
    const ledger = new TestLedger(() => now);
    for (; now < 30_000; now += 100) {
      ledger.failed(1, FULL);
      ledger.wrote(1, 10);
    }
    assert.deepEqual([ledger.errors.length, ledger.recoveries], [1, 0]);
  });

  it('says nothing of trouble that comes back within the minute, nor of its end', () => {
    let now = 0;
    const ledger = new TestLedger(() => now);
    for (; now < 50_000; now += 2_000) {
      ledger.failed(1, FULL);
      now += 2_000;
      ledger.wrote(1, 10);
    }
    assert.deepEqual([ledger.errors.length, ledger.recoveries], [1, 1]);
  });

  it('takes discarded lines as lost without a message', () => {
    const ledger = new TestLedger();
    ledger.discarded(3);
    assert.deepEqual([ledger.linesLost, ledger.writeErrors, ledger.errors.length], [3, 0, 0]);
  });
});
