// What a parsing worker counts of a batch. The totals of a source are the sums over its batches: they add up because every
// frame raises FRAMES and exactly one of PARSED, the skip reasons and LOST.

import { OUTCOME } from '../wire/outcome.js';

/** Rows of a counter vector. The first rows are the decoder's outcomes, so that a reason is counted by its number. */
export const COUNTER = {
  /** TCP on a service port */
  PARSED: OUTCOME.TCP,
  NOT_IP: OUTCOME.NOT_IP,
  NOT_TCP: OUTCOME.NOT_TCP,
  FRAGMENT: OUTCOME.FRAGMENT,
  CUT_SHORT: OUTCOME.CUT_SHORT,
  MALFORMED: OUTCOME.MALFORMED,
  LINK_TYPE: OUTCOME.LINK_TYPE,
  /** TCP on other ports */
  OTHER_PORT: 7,
  /** turned away by -f on replay */
  FILTERED: 8,
  /** frames of the batches parsed */
  FRAMES: 9,
  /** of the parsed: no payload (handshakes, acknowledgements) */
  EMPTY: 10,
  /** of the parsed: a payload that begins no message */
  NO_MESSAGE: 11,
  /** of those: TLS hellos */
  TLS: 12,
  /** of those: HTTP/2 prefaces */
  HTTP2: 13,
  /** records by kind, in the order of record/kinds.ts */
  RECORDS: 14,
  /** of the records: marked truncated, marked malformed */
  TRUNCATED: 18,
  MALFORMED_MESSAGE: 19,
  /** bytes of the record lines */
  LINE_BYTES: 20,
  /** frames behind the last one that -c asked for (replay; live ones never reach the ring) */
  BEHIND_LIMIT: 21,
  /** records that were not written: left out by -include or -exclude, by -sample */
  EXCLUDED: 22,
  SAMPLED_OUT: 23,
  /** frames of a batch whose worker broke before it had parsed them */
  LOST: 24,
  /** -proc: records with a process, by how it is known: OWNED + VIA (record/owner.ts) - 1 */
  OWNED: 25,
  /** -proc: records without, by why: UNOWNED + one of UNOWNED (record/owner.ts) */
  UNOWNED: 28,
} as const;
export const COUNTERS = 36;

/** Skip reasons by counter, as the totals name them. */
export const SKIP_REASONS: readonly (readonly [counter: number, name: string])[] = [
  [COUNTER.NOT_IP, 'not IP'],
  [COUNTER.NOT_TCP, 'not TCP'],
  [COUNTER.OTHER_PORT, 'other port'],
  [COUNTER.FRAGMENT, 'later fragment'],
  [COUNTER.CUT_SHORT, 'cut short'],
  [COUNTER.MALFORMED, 'malformed'],
  [COUNTER.LINK_TYPE, 'link type'],
  [COUNTER.FILTERED, 'filter'],
  [COUNTER.BEHIND_LIMIT, 'behind -c'],
];

const DONE_WITH = [COUNTER.PARSED, ...SKIP_REASONS.map(([counter]) => counter)];

/** Frames of a batch that were parsed or skipped. */
export function framesDone(counters: Float64Array): number {
  return DONE_WITH.reduce((sum, counter) => sum + counters[counter], 0);
}
