// Whether a capture does its work. Somebody has to look() about once a second: what counts is how long nothing has moved, in time that
// this process itself was running (after SIGSTOP and SIGCONT, or a suspended host, nobody has been idle).

import type { TelemetryView } from './view.js';

/** What stands still this long has stalled. */
const STALL_MS = 10_000;
/** A longer time between two looks is not the capture's fault. */
const LONGEST_LOOK_MS = 2_000;

export interface Verdict {
  readonly healthy: boolean;
  /** one line */
  readonly reason: string;
  /** a thread of ours hangs: starting anew may help, as it does not with a full disk or a missing interface */
  readonly stuck: boolean;
}

/** How long something has had work and not moved. */
class Standstill {
  idleMs = 0;
  private before = NaN;

  /** @param progress a number that changes with every step forward */
  look(hasWork: boolean, progress: number, passedMs: number): void {
    this.idleMs = hasWork && progress === this.before ? this.idleMs + passedMs : 0;
    this.before = progress;
  }
}

export class Health {
  private phase: 'starting' | 'running' | 'stopping' = 'starting';
  private lookedMs: number;
  private readonly capturing = new Standstill();
  private readonly parsing = new Standstill();
  private readonly writing = new Standstill();
  private readonly watching = new Standstill();

  /** @param nowMs a monotonic clock */
  constructor(private readonly view: TelemetryView, nowMs: number) {
    this.lookedMs = nowMs;
  }

  /** Every source is open: traffic is seen. */
  ready(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  stopping(): void {
    this.phase = 'stopping';
  }

  /** Takes the pulse. @param nowMs a monotonic clock */
  look(nowMs: number): void {
    const passedMs = Math.min(LONGEST_LOOK_MS, nowMs - this.lookedMs);
    this.lookedMs = nowMs;
    const { ring, ledger } = this.view;
    const dealtWith = ledger.linesWritten + ledger.linesLost;
    this.capturing.look(this.phase === 'running', ring.beats, passedMs);
    this.parsing.look(ring.slotsInUse > 0, ring.released, passedMs);
    this.writing.look(ledger.linesDelivered > dealtWith, dealtWith, passedMs);
    this.watching.look(!this.view.sources().some((source) => source.open), 0, passedMs);
  }

  /** As it stood at the last look. */
  get verdict(): Verdict {
    if (this.phase === 'starting') return unwell('starting: the capture is not ready yet', false);
    // A disk that does not answer holds up the workers, and they the capture: the cause comes first.
    for (const [standstill, what] of [
      [this.writing, 'writing has stalled: lines wait, and none was written'],
      [this.parsing, 'parsing has stalled: frames wait in the ring, and none was parsed'],
      [this.capturing, 'capture has stalled: its thread has not looked for frames'],
    ] as const) if (standstill.idleMs >= STALL_MS) return unwell(`${what} for ${seconds(standstill.idleMs)}`, true);
    if (this.phase === 'stopping') return unwell('stopping: what was captured is being written', false);
    const { trouble } = this.view.ledger;
    if (trouble !== undefined) return unwell(`the last write failed: ${trouble.message}`, false);
    if (this.watching.idleMs >= STALL_MS) return unwell(`no interface is captured since ${seconds(this.watching.idleMs)}`, false);
    return { healthy: true, reason: 'capturing', stuck: false };
  }
}

function unwell(reason: string, stuck: boolean): Verdict {
  return { healthy: false, reason, stuck };
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)} s`;
}
