// How long to wait before the next try: longer each time, and never the same for two clients of a server that comes back.

const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** A connection that held so long was a good one: the next trouble begins anew. */
const GOOD_MS = 5_000;

export class Backoff {
  private nextMs = FIRST_MS;

  /** @param random from 0 (inclusive) to 1 (exclusive) */
  constructor(private readonly random: () => number = Math.random) {}

  /** @param heldMs how long the connection had held that ended now; 0: there was none */
  delayMs(heldMs: number): number {
    if (heldMs >= GOOD_MS) this.nextMs = FIRST_MS;
    const delay = this.nextMs * (0.75 + this.random() / 2);
    this.nextMs = Math.min(this.nextMs * 2, LONGEST_MS);
    return Math.round(delay);
  }
}
