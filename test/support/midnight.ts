// Log files are named by the day, and many tests look for the one file of today: none of them begins right before the day changes
// in UTC, the zone in which they run httplog. Mocha loads this for the whole suite (.mocharc.json).

const DAY_MS = 86_400_000;
/** Longer than any test takes that looks for today's file. */
const BEFORE_MS = 45_000;
const BEHIND_MS = 1_000;

/** How long to wait with a test so that it does not run over midnight UTC; 0 on most of the day. @param nowMs since 1970 */
export function untilClear(nowMs: number): number {
  const left = DAY_MS - (nowMs % DAY_MS);
  return left > BEFORE_MS ? 0 : left + BEHIND_MS;
}

export const mochaHooks = {
  async beforeEach(this: Mocha.Context): Promise<void> {
    const waitMs = untilClear(Date.now());
    if (waitMs === 0) return;
    this.timeout(4 * BEFORE_MS);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  },
};
