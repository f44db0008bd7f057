// What is told of a connection: one event of its life, with the process of the local end as it was known at that moment.

import type { ProcessImage } from '../host/process_image.js';
import type { Ends } from '../host/socket_ends.js';

/** listen: a socket waits for others; open: it calls another; established: they talk; close: it is over. */
export const CONNECTION_EVENTS = ['listen', 'open', 'established', 'close'] as const;
export type ConnectionEventName = (typeof CONNECTION_EVENTS)[number];

/** How the process is known: it called connect(2) or listen(2) itself, it alone listens there, or it holds the socket's descriptor. */
export type OwnerSource = 'connect' | 'listen' | 'listener' | 'scan';

/** A process at the moment of an event. What it runs may be taken back for some milliseconds (host/process_image.ts). */
export interface Owner {
  readonly pid: number;
  readonly ppid: number | undefined;
  readonly image: ProcessImage;
  readonly parentImage: ProcessImage | undefined;
  readonly uid: number | undefined;
  readonly container: Uint8Array | undefined;
  readonly guid: string | undefined;
  /** when it was forked, CLOCK_REALTIME, nanoseconds; undefined: not known */
  readonly startNs: bigint | undefined;
}

export type Protocol = 'tcp' | 'udp';

export interface ConnectionEvent extends Ends {
  readonly event: ConnectionEventName;
  readonly protocol: Protocol;
  /** CLOCK_REALTIME, nanoseconds */
  readonly timeNs: bigint;
  /** in: the other end called; undefined: not known, or it listens */
  readonly direction: 'in' | 'out' | undefined;
  /** undefined: not known */
  readonly owner: Owner | undefined;
  readonly via: OwnerSource | undefined;
  /** processes that hold the socket; 0: not asked */
  readonly shared: number;
  /** it was there before us */
  readonly isOld: boolean;
  /** of a close: it never was established */
  readonly hasFailed: boolean;
  /** of a close: since the open or established that was seen; undefined: that was before us */
  readonly durationNs: bigint | undefined;
  /** of a close, bytes of TCP payload; undefined: not known */
  readonly sent: bigint | undefined;
  readonly received: bigint | undefined;
}

export function isIpv6({ local }: Ends): boolean {
  return local.includes(':');
}
