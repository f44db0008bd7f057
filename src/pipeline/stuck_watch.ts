// Threads that never come back from a batch.

/** A worker that has been over one batch for so many looks is stuck: a batch takes milliseconds. Looks, not time: we may be stopped too. */
const LOOK_MS = 1000;
const STUCK_LOOKS = 20;

/**
 * Ends a thread that makes no progress, be it in a loop without end.
 * @param workingOn batch that the thread works on while it waits for nobody, undefined: none
 */
export function watchForStuck(workingOn: () => number | undefined, endThread: () => void): { readonly stuck: boolean; end(): void } {
  let looks = 0;
  let before: number | undefined;
  const timer = setInterval(() => {
    const batch = workingOn();
    looks = batch !== undefined && batch === before ? looks + 1 : 0;
    before = batch;
    if (looks < STUCK_LOOKS) return;
    watch.stuck = true;
    watch.end();
    endThread();
  }, LOOK_MS);
  const watch = { stuck: false, end: () => clearInterval(timer) };
  return watch;
}

/** What a thread broke with that was ended for that. */
export function stuckError(): Error {
  return new Error(`it was over one batch for more than ${(STUCK_LOOKS * LOOK_MS) / 1000} s`);
}
