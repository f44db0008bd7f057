// How long writes take, as a histogram that costs an addition a write; the metrics read it when they are asked for.

/** Upper bounds of the buckets, seconds: from a write into the page cache to a disk that hangs. */
export const LATENCY_BOUNDS_S: readonly number[] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class LatencyHistogram {
  /** observations by bucket, not cumulative; the last one is beyond every bound */
  readonly counts = new Float64Array(LATENCY_BOUNDS_S.length + 1);
  sumSeconds = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS_S.length && seconds > LATENCY_BOUNDS_S[bucket]) bucket++;
    this.counts[bucket]++;
    this.sumSeconds += seconds;
  }
}
