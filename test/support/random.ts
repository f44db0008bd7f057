/** Numbers that look random and are the same in every run (mulberry32). */
export class SeededRandom {
  constructor(private state: number) {}

  /** 0 to 2^32 - 1 */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to `limit` - 1 */
  below(limit: number): number {
    return this.next() % limit;
  }
}
