// What waits for one client: whole lines up to a bound, and what was lost beyond it, told where it happened.
//
//   pushed    a b c d e f g h i j k l           (a … l: parts of whole lines)
//   queued    a b c d e f {"event":"lost"} k l  g, h, i and j found no room; the line tells how many events they were
//
// After a loss nothing is taken until half of the bound is free again: a client that is a little too slow then gets long runs of events
// with few gaps, not a gap between any two. The parts are shared between all clients; nothing is copied for one of them.

/** The line that tells how many events are missing at its place. @returns a whole line */
export type LostLine = (count: number) => Uint8Array;

export class ClientQueue {
  private parts: Uint8Array[] = [];
  /** bytes queued, those in the hands of the socket among them */
  private held = 0;
  /** events lost that no line tells yet */
  private untold = 0;
  private dropped = 0;

  /** @param limitBytes the bound on what is held @param lostLine makes the line that tells a loss */
  constructor(private readonly limitBytes: number, private readonly lostLine: LostLine) {}

  /** Events dropped here; those that were lost before are not among them. */
  get eventsLost(): number {
    return this.dropped;
  }

  get bytes(): number {
    return this.held;
  }

  /**
   * Queues whole lines, or drops all of them.
   * @param lines never written to again @param events how many events they are
   */
  push(lines: Uint8Array, events: number): void {
    if (this.untold === 0 && this.held + lines.length <= this.limitBytes) {
      this.append(lines);
      return;
    }
    this.dropped += events;
    this.lost(events);
  }

  /** Events are missing here, lost before they came: a line tells it as soon as there is room. */
  lost(count: number): void {
    this.untold += count;
    this.tellWhenRoom();
  }

  /**
   * Hands over what goes to the socket next: whole parts, one at least if there is any.
   * @param mostBytes beyond the first part
   */
  take(mostBytes: number): Uint8Array[] {
    let count = 0;
    for (let bytes = 0; count < this.parts.length; count++) {
      bytes += this.parts[count].length;
      if (bytes > mostBytes && count > 0) break;
    }
    return this.parts.splice(0, count);
  }

  /** The socket has done with so many bytes of what was taken. */
  done(bytes: number): void {
    this.held -= bytes;
    this.tellWhenRoom();
  }

  /** Tells what is untold, room or not: nothing is pushed any more. */
  close(): void {
    this.tell();
  }

  private tellWhenRoom(): void {
    if (this.held <= this.limitBytes / 2) this.tell();
  }

  private tell(): void {
    if (this.untold === 0) return;
    this.append(this.lostLine(this.untold));
    this.untold = 0;
  }

  private append(lines: Uint8Array): void {
    this.parts.push(lines);
    this.held += lines.length;
  }
}
