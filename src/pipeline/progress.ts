// The progress bar of a replay on a terminal: megabytes a second and time left, on standard error only.

import { isTerminal } from '../host/terminal.js';
import { SOURCE } from '../ring/source_board.js';
import type { Totals } from './totals.js';

const STDERR = 2;
const SHOW_AFTER_MS = 500;
const REDRAW_MS = 200;
const MEGABYTE = 1e6;

/** Shows the bar on a terminal once the replay takes longer than half a second. @returns takes it away again */
export function showProgress(totals: Totals): () => void {
  let bar: { update(value: number, payload: object): void; stop(): void } | undefined;
  let redraw: NodeJS.Timeout | undefined;
  const begin = performance.now();
  let stopped = false;
  const start = setTimeout(() => void draw(), SHOW_AFTER_MS);

  const draw = async (): Promise<void> => {
    if (!isTerminal(STDERR)) return;
    const { SingleBar } = (await import('cli-progress')).default;
    const total = totals.boardSum(SOURCE.BYTES_TOTAL);
    if (stopped) return;
    const known = total > 0;
    process.stderr.on('error', () => undefined); // a terminal that is gone is no reason to stop
    const single = new SingleBar({
      format: known ? '{bar} {percentage} % of {size} MB, {rate} MB/s, {eta_formatted} left' : '{read} MB, {rate} MB/s',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: null,
      etaBuffer: 20,
    });
    single.start(known ? total : 1, 0, { size: megabytes(total), rate: '0', read: '0' });
    bar = single;
    const update = (): void => {
      const read = totals.boardSum(SOURCE.BYTES_READ);
      const rate = megabytes((read / (performance.now() - begin)) * 1000);
      single.update(known ? Math.min(read, total) : 0, { rate, read: megabytes(read) });
    };
    update();
    redraw = setInterval(update, REDRAW_MS);
  };

  return () => {
    stopped = true;
    clearTimeout(start);
    clearInterval(redraw);
    bar?.stop();
  };
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(0);
}
