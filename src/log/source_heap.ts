// A binary heap of the sources that have lines waiting, the one with the oldest first line on top; at equal times the lower
// row, so that the same captures always give the same log.

import type { SourceLines } from './source_lines.js';

/** Whether line time (or watermark) a comes before b. */
export function isBefore(
  secondsA: number, nanosecondsA: number, rowA: number, secondsB: number, nanosecondsB: number, rowB: number,
): boolean {
  if (secondsA !== secondsB) return secondsA < secondsB;
  if (nanosecondsA !== nanosecondsB) return nanosecondsA < nanosecondsB;
  return rowA < rowB;
}

export class SourceHeap {
  private readonly items: SourceLines[] = [];

  get top(): SourceLines | undefined {
    return this.items[0];
  }

  push(source: SourceLines): void {
    const { items } = this;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(source, items[parent])) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = source;
  }

  /** After the top's first line has changed: puts it where it belongs. */
  topAdvanced(): void {
    const { items } = this;
    if (items.length > 1) this.settle(items[0]);
  }

  /** Takes the top out. */
  pop(): void {
    const last = this.items.pop();
    if (last !== undefined && this.items.length > 0) this.settle(last);
  }

  /** Puts `source` into the hole at the top. */
  private settle(source: SourceLines): void {
    const { items } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && precedes(items[child + 1], items[child])) child++;
      if (!precedes(items[child], source)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = source;
  }
}

function precedes(a: SourceLines, b: SourceLines): boolean {
  return isBefore(a.seconds, a.nanoseconds, a.row, b.seconds, b.nanoseconds, b.row);
}
