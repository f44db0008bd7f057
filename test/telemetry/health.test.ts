import assert from 'node:assert/strict';
import { LogError } from '../../src/log/log_error.js';
import { SOURCE } from '../../src/ring/source_board.js';
import { Health } from '../../src/telemetry/health.js';
import { FakeRun } from '../support/telemetry.js';

describe('telemetry: health', () => {
  let run: FakeRun;
  let health: Health;
  beforeEach(() => {
    run = new FakeRun();
    run.open(0, 'eth0');
    health = new Health(run.view, 0);
    health.ready();
  });

  /** Looks every second; the capture thread is alive unless told otherwise. */
  function pass(seconds: number, each: () => void = () => run.ring.beats++): void {
    for (let second = 0; second < seconds; second++) {
      run.nowMs += 1000;
      each();
      health.look(run.nowMs);
    }
  }
  const assertWell = (): void => assert.deepEqual(health.verdict, { healthy: true, reason: 'capturing', stuck: false });
  function assertUnwell(reason: RegExp, stuck: boolean): void {
    assert.match(health.verdict.reason, reason);
    assert.deepEqual([health.verdict.healthy, health.verdict.stuck], [false, stuck]);
  }

  it('is well for ever while the capture thread is alive and there is nothing to do', () => {
    pass(1000);
    assertWell();
  });

  it('is not well before capture is ready, nor when it stops; neither is a reason to start anew', () => {
    const starting = new Health(run.view, 0);
    assert.deepEqual([starting.verdict.healthy, starting.verdict.stuck], [false, false]);
    assert.match(starting.verdict.reason, /^starting/);
    health.stopping();
    assertUnwell(/^stopping/, false);
  });

  it('notices a capture thread that is silent for 10 s, and that it is back', () => {
    pass(1);
    pass(9, () => undefined);
    assertWell();
    pass(1, () => undefined);
    assertUnwell(/^capture has stalled: .* 10 s$/, true);
    pass(1);
    assertWell();
  });

  it('notices frames that nobody parses; batches that are given back are progress', () => {
    run.ring.slotsInUse = 8;
    pass(30, () => { run.ring.beats++; run.ring.released++; });
    assertWell();
    pass(10);
    assertUnwell(/^parsing has stalled/, true);
    run.ring.slotsInUse = 0;
    pass(1);
    assertWell();
  });

  it('notices lines that nobody writes, and names that before what follows from it', () => {
    run.ledger.delivered(100);
    run.ring.slotsInUse = 8;
    pass(1);
    pass(10, () => undefined);
    assertUnwell(/^writing has stalled/, true);
    run.ledger.wrote(50, 5000);
    pass(1);
    assertUnwell(/^parsing has stalled/, true);
    run.ring.released++;
    pass(1);
    run.ledger.discarded(50);
    pass(30);
    assertUnwell(/^parsing/, true);
  });

  it('a write that fails is told at once and is no reason to start anew; one that goes well ends it', () => {
    run.ledger.failed(3, new LogError('cannot write /log/x: no space left on device (ENOSPC)'));
    pass(1);
    assertUnwell(/^the last write failed: cannot write \/log\/x: no space left/, false);
    pass(60);
    assertUnwell(/^the last write failed/, false);
    run.ledger.wrote(1, 10);
    pass(1);
    assertWell();
  });

  it('lines held back for want of room are told as well', () => {
    run.ledger.heldBack(3);
    pass(1);
    assertUnwell(/^the last write failed: lines are held back for want of room/, false);
    run.ledger.wrote(1, 10);
    pass(2);
    assertWell();
  });

  it('one file of several that fails again and again is not hidden by the others', () => {
    for (let round = 0; round < 20; round++) {
      run.ledger.failed(1, new LogError('cannot write a'));
      run.nowMs += 100;
      run.ledger.wrote(1, 10);
      health.look(run.nowMs);
      assertUnwell(/cannot write a/, false);
    }
    pass(2);
    assertWell();
  });

  it('no interface at all for 10 s is not well, and no reason to start anew', () => {
    run.open(1, 'eth1');
    run.board.set(0, SOURCE.OPEN, 0);
    pass(20);
    assertWell();
    run.board.set(1, SOURCE.OPEN, 0);
    pass(11);
    assertUnwell(/^no interface is captured/, false);
    run.board.set(1, SOURCE.OPEN, 1);
    pass(1);
    assertWell();
  });

  it('time in which nobody could look does not count: SIGSTOP, a suspended host', () => {
    run.ledger.delivered(1);
    pass(1);
    for (let stop = 0; stop < 3; stop++) {
      run.nowMs += 3_600_000;
      health.look(run.nowMs);
      assertWell();
    }
  });
});
