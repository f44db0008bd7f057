// The metrics by interface: names, meanings, and where in the totals they come from. docs/operations.md lists them.

import { COUNTER, SKIP_REASONS } from '../record/counters.js';
import { KIND_NAMES } from '../record/kinds.js';
import { UNOWNED_NAMES, VIA_NAMES } from '../record/owner.js';
import type { SourceReport } from '../ring/source_numbers.js';

/** What the interfaces that are gone are called; no interface can be called so, as its name has no slash. */
export const GONE = '/gone';

/** Puts a number under labels beside `interface`. */
export type Put = (value: number, labels?: Readonly<Record<string, string>>) => void;

export interface InterfaceFamily {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  /** beside `interface` */
  readonly labels: readonly string[];
  read(source: SourceReport, put: Put): void;
}

/** Skips that only a replay knows. */
const REPLAY_ONLY: readonly number[] = [COUNTER.FILTERED, COUNTER.BEHIND_LIMIT];
const REPLAY_REASONS = new Set(SKIP_REASONS.filter(([counter]) => REPLAY_ONLY.includes(counter)).map(([, reason]) => reason));

function counter(name: string, help: string, labels: readonly string[], read: InterfaceFamily['read']): InterfaceFamily {
  return { type: 'counter', name, help, labels, read };
}

/** With -proc: the records once more, by the process behind them. */
export const OWNER_FAMILIES: readonly InterfaceFamily[] = [
  counter('httplog_records_with_process_total', 'Records with the process of their local end, by how it is known.', ['via'], ({ counters }, put) => {
    for (const [i, via] of VIA_NAMES.slice(1).entries()) put(counters[COUNTER.OWNED + i], { via });
  }),
  counter('httplog_records_without_process_total', 'Records whose process is not known, by reason.', ['reason'], ({ counters }, put) => {
    for (const [i, reason] of UNOWNED_NAMES.entries()) put(counters[COUNTER.UNOWNED + i], { reason: reason.replaceAll(' ', '_') });
  }),
];

export const INTERFACE_FAMILIES: readonly InterfaceFamily[] = [
  {
    type: 'gauge', name: 'httplog_interface_up', labels: [],
    help: '1 while the interface is captured, 0 while it is waited for.',
    read: ({ name, open }, put) => {
      if (name !== undefined) put(open ? 1 : 0);
    },
  },
  counter('httplog_frames_received_total', 'Frames the kernel received for us: handed over, dropped, and those waiting in its buffer.', [],
    ({ received }, put) => put(received)),
  counter('httplog_frames_handed_over_total', 'Frames that came out of the kernel: parsed, skipped, lost with a worker, and those in the ring.', [],
    ({ handed }, put) => put(handed)),
  counter('httplog_frames_dropped_total', 'Frames the kernel had no buffer for: lost.', [], ({ dropped }, put) => put(dropped)),
  counter('httplog_buffer_full_total', 'Times the buffer of the kernel was full and frames were dropped until it had room (AF_PACKET).', [],
    ({ bufferFull }, put) => put(bufferFull)),
  counter('httplog_frames_interface_dropped_total', 'Frames the interface dropped before any capture; part of no sum.', [],
    ({ interfaceDropped }, put) => put(interfaceDropped)),
  counter('httplog_frames_parsed_total', 'Frames of TCP on a service port.', [], ({ parsed }, put) => put(parsed)),
  counter('httplog_frames_skipped_total', 'Frames that were not parsed, by reason.', ['reason'], ({ skipped }, put) => {
    for (const [frames, reason] of skipped) if (!REPLAY_REASONS.has(reason)) put(frames, { reason: reason.toLowerCase().replaceAll(' ', '_') });
  }),
  counter('httplog_frames_lost_total', 'Frames of batches whose worker broke before it had parsed them: lost.', [], ({ lost }, put) => put(lost)),
  {
    type: 'gauge', name: 'httplog_frames_waiting', labels: ['where'],
    help: 'Frames on their way: in the buffer of the kernel, in the ring.',
    read: ({ waiting, inRing }, put) => {
      put(waiting, { where: 'kernel' });
      put(inRing, { where: 'ring' });
    },
  },
  counter('httplog_frames_empty_total', 'Parsed frames without payload.', [], ({ counters }, put) => put(counters[COUNTER.EMPTY])),
  counter('httplog_frames_no_message_total', 'Parsed frames whose payload begins no message, by what it begins instead.', ['protocol'],
    ({ counters }, put) => {
      const tls = counters[COUNTER.TLS];
      const http2 = counters[COUNTER.HTTP2];
      put(tls, { protocol: 'tls' });
      put(http2, { protocol: 'http2' });
      put(counters[COUNTER.NO_MESSAGE] - tls - http2, { protocol: 'other' });
    }),
  counter('httplog_records_total', 'Records by kind.', ['kind'], ({ counters }, put) => {
    for (const [at, kind] of KIND_NAMES.entries()) put(counters[COUNTER.RECORDS + at], { kind });
  }),
  counter('httplog_records_truncated_total', 'Records of messages whose header section does not end in their packet.', [],
    ({ counters }, put) => put(counters[COUNTER.TRUNCATED])),
  counter('httplog_records_malformed_total', 'Records of messages that are not as RFC 9112 wants them.', [],
    ({ counters }, put) => put(counters[COUNTER.MALFORMED_MESSAGE])),
  counter('httplog_records_left_out_total', 'Records that were not to be written, by what left them out.', ['by'], ({ counters }, put) => {
    put(counters[COUNTER.EXCLUDED], { by: 'rule' });
    put(counters[COUNTER.SAMPLED_OUT], { by: 'sample' });
  }),
];
