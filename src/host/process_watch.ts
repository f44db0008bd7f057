// The process table kept true by the connector's events: for everybody who has to know processes at the moment something happens.

import { monotonicNs } from './clocks.js';
import type { ProcConnector } from './proc_connector.js';
import { PROC_EVENT, type ProcEvent } from './proc_event.js';
import type { Process, ProcessTable } from './process_table.js';

/** The events that a table needs to stay true. */
export const TABLE_EVENTS = PROC_EVENT.FORK | PROC_EVENT.EXEC | PROC_EVENT.EXIT | PROC_EVENT.UID;

/** After a loss the table is compared with /proc, but not more often than this. */
const SCAN_EVERY_MS = 5000;

/** Called for an event: the object is used again; the process is as the event left it (exit: as it was), undefined when nothing is known of it. */
export type ProcessEventVisitor = (event: ProcEvent, process: Process | undefined) => void;

export class ProcessWatch {
  /** events lost so far */
  lost = 0;
  private isDoubtful = false;
  private scannedMs: number;
  private readonly readyNs: bigint;

  /** Fills the table; the connector has been listening since before. */
  constructor(private readonly connector: ProcConnector, readonly table: ProcessTable) {
    table.scan();
    this.scannedMs = performance.now();
    this.readyNs = monotonicNs();
  }

  /** for poll() */
  get fd(): number {
    return this.connector.fd;
  }

  /**
   * Takes the events that are waiting, a bounded number, into the table and hands them over. What happened before the table was full
   * goes into the table alone.
   * @param visitThreads gets those of single threads (tgid is not pid), which the table does not know, with their process
   * @param before called with the time of each event, CLOCK_MONOTONIC, before it changes the table
   * @returns whether more may be waiting
   */
  drain(visit: ProcessEventVisitor, visitThreads?: ProcessEventVisitor, before?: (ns: bigint) => void): boolean {
    const { table } = this;
    return this.connector.drain((event) => {
      before?.(event.timestampNs);
      if (event.pid !== event.tgid) {
        if (visitThreads !== undefined && event.timestampNs >= this.readyNs) visitThreads(event, table.get(event.tgid));
      } else if (event.timestampNs >= this.readyNs) {
        visit(event, this.apply(event));
      } else {
        this.catchUp(event);
      }
    });
  }

  /**
   * Asks how many events were lost since the last time. To be called when nothing more is waiting, and once a second: after a loss
   * it brings the table up to date, which may take some milliseconds.
   */
  takeLost(): number {
    const lost = this.connector.lost();
    this.lost += lost;
    if (lost > 0) this.isDoubtful = true;
    if (this.isDoubtful && performance.now() - this.scannedMs >= SCAN_EVERY_MS) {
      this.isDoubtful = false;
      this.scannedMs = performance.now();
      this.table.scan();
    }
    return lost;
  }

  private apply(event: ProcEvent): Process | undefined {
    const { table } = this;
    const { what, pid, timestampNs } = event;
    switch (what) {
      case PROC_EVENT.FORK: return table.forked(pid, event.otherTgid, timestampNs);
      case PROC_EVENT.EXEC: return table.executed(pid, timestampNs);
      case PROC_EVENT.EXIT: return table.exited(pid, timestampNs);
      case PROC_EVENT.UID: return table.becameUser(pid, event.realId, event.effectiveId);
      default: return table.find(pid);
    }
  }

  /** What was read since may be newer than the event. */
  private catchUp({ what, pid, timestampNs }: ProcEvent): void {
    const { table } = this;
    if (what === PROC_EVENT.FORK) table.find(pid);
    else if (what === PROC_EVENT.EXEC) table.executed(pid, timestampNs);
    else if (what === PROC_EVENT.EXIT) table.endedBy(pid, timestampNs);
  }
}
