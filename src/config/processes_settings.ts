// The effective settings of httplog processes.

import type { ListenAddress, LogLevel } from './settings.js';

/** Kinds of process events (linux/cn_proc.h), as -e and the records name them. */
export const PROCESS_EVENTS = ['fork', 'exec', 'exit', 'uid', 'gid', 'sid', 'ptrace', 'comm', 'coredump'] as const;
export type ProcessEventName = (typeof PROCESS_EVENTS)[number];

export const PROCESS_FORMATS = ['json', 'ecs'] as const;
export type ProcessFormat = (typeof PROCESS_FORMATS)[number];

/** The original of this command had /var/run/procMonitor.sock. */
export const DEFAULT_SOCKET = '/run/httplog/processes.sock';

/** A server to read events from: a Unix socket, or a host (name or address) and a TCP port, inside TLS or in the clear. */
export type ConnectTarget = { readonly path: string } | { readonly host: string; readonly port: number; readonly tls: boolean };

export interface ProcessesSettings {
  /** events go to standard output */
  readonly direct: boolean;
  /** path of the Unix socket to serve; '' for none */
  readonly socket: string;
  /** its permission bits, 0 to 0o777 */
  readonly socketMode: number;
  /** name or number of its group; '' for that of the process */
  readonly socketGroup: string;
  /** where TCP clients are served; address '': nowhere */
  readonly tcp: ListenAddress;
  /** PEM files of the server's certificate (with its chain) and key; '' for no TLS */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** what TCP clients have to send, as given on the command line; '' when it comes from authFile or HTTPLOG_AUTH */
  readonly auth: string;
  /** file whose first line is the password; '' for none */
  readonly authFile: string;
  /** clients served at a time, all sockets together, from 1 */
  readonly clients: number;
  readonly events: readonly ProcessEventName[];
  /** events of single threads, too */
  readonly threads: boolean;
  readonly format: ProcessFormat;
  /** read the events of another httplog instead of this host's; undefined: this host's */
  readonly connect: ConnectTarget | undefined;
  /** PEM file of the issuers whose certificates the client trusts; '' for those that Node knows */
  readonly tlsCa: string;
  /** the client shows a line an event for people; undefined: on a terminal */
  readonly pretty: boolean | undefined;
  /** name or number of the user to become; '' to stay */
  readonly user: string;
  readonly logLevel: LogLevel;
}
