// The effective settings of httplog connections.

import type { LogLevel } from './settings.js';

export const CONNECTION_FORMATS = ['text', 'json', 'ecs', 'lognet', 'conmon'] as const;
export type ConnectionFormatName = (typeof CONNECTION_FORMATS)[number];

/** Ways to hear of connections, the best first; auto takes the first that works. */
export const CONNECTION_SOURCES = ['trace', 'capture', 'poll'] as const;
export type ConnectionSource = (typeof CONNECTION_SOURCES)[number];

/** Where lognet has its files. */
export const LOGNET_DIRECTORY = '/var/log/netlog';
export const LOGNET_NAMES = { connections: 'connections.log', processes: 'processes.log' } as const;
/** What the one file of the other formats is called in the directory of -d. */
export const FILE_NAMES: Readonly<Record<Exclude<ConnectionFormatName, 'lognet'>, string>> = {
  text: 'connections.log', json: 'connections.json', ecs: 'connections.ecs.json', conmon: 'connections.csv',
};

/** What of the connections is wanted; undefined and '' take all. */
export interface ConnectionSelection {
  readonly ipVersion: 4 | 6 | undefined;
  readonly protocol: 'tcp' | 'udp' | undefined;
  /** connections without other end are left out: what listens */
  readonly omitSelf: boolean;
  /** those to private networks are left out */
  readonly omitPrivate: boolean;
  /** canonical text of an address */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** 0: any */
  readonly localPort: number;
  readonly remotePort: number;
}

export interface ConnectionsSettings extends ConnectionSelection {
  readonly source: ConnectionSource | 'auto';
  /** seconds between two looks; with a value given there is no other source */
  readonly poll: number;
  readonly format: ConnectionFormatName;
  /** files of lognet, absolute where -d names their directory */
  readonly connectionsLog: string;
  readonly processesLog: string;
  /** where those go when their own directory cannot be written; '': nowhere */
  readonly fallbackDirectory: string;
  /** file of the other formats, absolute where -d names its directory; '': standard output */
  readonly file: string;
  /** what -d names; '': nothing */
  readonly directory: string;
  /** a file of that size is put aside; 0: never */
  readonly maxBytes: number;
  /** files kept beside it */
  readonly backupCount: number;
  /** who to become; '': nobody else */
  readonly user: string;
  readonly logLevel: LogLevel;
}
