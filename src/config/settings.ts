// The effective settings of a run, after option, environment, file and default have been weighed.

import type { Tunnel } from '../wire/encap.js';

/** How a record line is written. */
export type OutputFormat = 'text' | 'tsv' | 'json' | 'ecs';

/** How frames are taken from an interface; auto: through AF_PACKET where that can be, else through libpcap. */
export type CaptureChoice = 'auto' | 'afpacket' | 'libpcap';

/** How grave a message of the operational log is, the gravest first: error, warn, info, debug. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where a server listens: an IP address in canonical text ('': nowhere) and a TCP port, 0 for any free one. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** An inclusive range of ports, 0 to 65535. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** An address or network in binary: 4 or 16 bytes, and how many leading bits count. */
export interface Network {
  readonly bytes: Uint8Array;
  readonly prefix: number;
}

/** What a record has to be for a rule of -include or -exclude. */
export type Condition =
  | { readonly field: 'host' | 'path' | 'method' | 'status'; /** one of them matches */ readonly globs: readonly string[] }
  | { readonly field: 'addr'; /** source or destination is in one of them */ readonly networks: readonly Network[] };

/** Conditions that all hold. */
export type Rule = readonly Condition[];

/** How many leading bits of addresses are shown. */
export interface PrefixLengths {
  /** 0 to 32 */
  readonly ipv4: number;
  /** 0 to 128 */
  readonly ipv6: number;
}

/** on: userinfo and well-known secrets; query: every value of query and fragment, too. */
export type RedactMode = 'on' | 'query' | 'off';

/** What happens to a record between recognition and its line. */
export interface PolicySettings {
  /** records that match none of these are left out; empty: none are */
  readonly include: readonly Rule[];
  /** records that match one of these are left out, whatever `include` says */
  readonly exclude: readonly Rule[];
  /** one flow in so many is kept, 1 to 2^31 - 1 */
  readonly sample: number;
  /** how much of an address is shown */
  readonly anonymize: PrefixLengths;
  readonly redact: RedactMode;
}

/** Where one log file ends and the next begins. */
export interface Rotation {
  /** a divisor of the day, 300 to 86400 */
  readonly periodSeconds: number;
  /** bytes a file may have; Infinity: any number */
  readonly sizeBytes: number;
}

export interface Settings extends PolicySettings {
  /** interface names; `any` stands alone; empty: choose (eth0, else the default route's) */
  readonly interfaces: readonly string[];
  readonly promiscuous: boolean;
  /** files to replay, `-` for standard input; empty: live capture */
  readonly files: readonly string[];
  readonly ports: readonly PortRange[];
  /** whether -p was given (or set), so that the port test stands beside -f too */
  readonly portsGiven: boolean;
  /** BPF expression in place of the one built from the ports; '' for none */
  readonly filter: string;
  /** in place of this host's addresses; undefined: this host's (live), none (replay) */
  readonly local: readonly Network[] | undefined;
  /** tunnels to look into */
  readonly tunnels: readonly Tunnel[];
  /** log directory, or `-` for standard output */
  readonly directory: string;
  readonly split: boolean;
  readonly rotation: Rotation;
  /** finished log files get .gz */
  readonly compress: boolean;
  /** log files of days further back are removed, 1 to 36500; 0: none is */
  readonly retainDays: number;
  /** bytes of all log files in the directory; Infinity: any number */
  readonly maxDiskBytes: number;
  /** percent of the file system that stays free, 0 (no limit) to 99 */
  readonly minFreePercent: number;
  readonly format: OutputFormat;
  /** columns of tsv (record/tsv_columns.ts) */
  readonly fields: readonly string[];
  /** lower-case names of further header fields in json and ecs */
  readonly headers: readonly string[];
  /** 1 to 262144 bytes (0 and below on the command line mean 65535) */
  readonly snaplen: number;
  /** kernel buffer an interface, MiB, 1 to 2047 */
  readonly bufferMiB: number;
  readonly capture: CaptureChoice;
  /** packets to capture before stopping; -1 for no end */
  readonly count: number;
  /** parsing workers, from 1 */
  readonly workers: number;
  /** name or number of the user to become; '' to stay */
  readonly user: string;
  /** file for a CPU profile of the parsing workers; '' for none */
  readonly cpuProfile: string;
  /** statistics to the operational log every this many packets, from 1 */
  readonly logEvery: number;
  /** where metrics are served; address '': nowhere */
  readonly metrics: ListenAddress;
  /** messages of this level and the graver ones are said */
  readonly logLevel: LogLevel;
  readonly addVlan: boolean;
  readonly addCommunityId: boolean;
  /** records tell the process at the local end of their connection */
  readonly proc: boolean;
  readonly utc: boolean;
}
