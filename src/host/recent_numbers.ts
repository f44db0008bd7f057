/** The last numbers that were added, once each, newest first. */
export class RecentNumbers implements Iterable<number> {
  private readonly numbers: number[] = [];

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  add(number: number): void {
    const at = this.numbers.indexOf(number);
    if (at === 0) return;
    if (at > 0) this.numbers.splice(at, 1);
    else if (this.numbers.length === this.most) this.numbers.pop();
    this.numbers.unshift(number);
  }

  [Symbol.iterator](): IterableIterator<number> {
    return [...this.numbers].values();
  }
}
