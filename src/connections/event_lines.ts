// Events on their way to the main thread: selected, held for a moment (what a process runs may turn out to be in doubt), written
// as lines, handed over together.

import type { ConnectionEvent } from './connection.js';
import type { ConnectionFormat } from './formats/format.js';
import type { Selection } from './selection.js';
import { SHARED, type ConnectionMessage } from './tasks.js';

/** As long as httplog processes holds its own. */
const HOLD_MS = 10;
/** Events that wait at most; more go out at once. */
const MOST_WAITING = 1024;
/** Lines the main thread has not taken yet; what comes on top is dropped, and counted. */
const MOST_BACKLOG_BYTES = 32 << 20;

export class EventLines {
  /** when what waits has to go out, by performance.now(); undefined: nothing waits */
  dueMs: number | undefined;
  events = 0;
  known = 0;
  unknown = 0;
  omitted = 0;
  /** lines that the main thread did not take in time */
  dropped = 0;
  private waiting: ConnectionEvent[] = [];

  constructor(
    private readonly selection: Selection, private readonly format: ConnectionFormat, private readonly shared: Int32Array,
    private readonly report: (message: ConnectionMessage) => void,
  ) {}

  add(event: ConnectionEvent): void {
    if (!this.selection.includes(event)) {
      this.omitted++;
      return;
    }
    this.events++;
    if (event.owner === undefined) this.unknown++;
    else this.known++;
    this.waiting.push(event);
    this.dueMs ??= performance.now() + HOLD_MS;
    if (this.waiting.length >= MOST_WAITING) this.flush();
  }

  /** The files begin anew. */
  restart(): void {
    this.flush();
    this.format.restart?.();
  }

  /** Hands over everything that waits. */
  flush(): void {
    const { waiting } = this;
    this.dueMs = undefined;
    if (waiting.length === 0) return;
    this.waiting = [];
    let lines = '';
    let processLines = '';
    let count = 0;
    for (const event of waiting) {
      const { line, processLine } = this.format.format(event);
      lines += line;
      processLines += processLine;
      if (line !== '') count++;
    }
    if (count === 0) return;
    const message = { type: 'lines' as const, lines: Buffer.from(lines), processLines: Buffer.from(processLines), count };
    const bytes = message.lines.length + message.processLines.length;
    if (Atomics.load(this.shared, SHARED.BACKLOG) + bytes > MOST_BACKLOG_BYTES) {
      this.dropped += count;
      this.format.restart?.();
      return;
    }
    Atomics.add(this.shared, SHARED.BACKLOG, bytes);
    this.report(message);
  }
}
