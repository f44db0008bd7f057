// What the manual says beside the option table. *words* are bold.

export const WHAT_IT_DOES = [
  'httplog watches network interfaces, or reads saved captures, and writes one line for every HTTP/1.x request and response. It never sends a packet, reassembles nothing and keeps no state between packets: a packet whose TCP payload begins with a start line makes a record, from that packet alone.',
  'Records go to daily files in a directory, or to standard output. They are of four kinds: *CQ* and *CR*, requests and responses where this host (or neither end) is the server; *SQ* and *SR*, where this host is the client.',
  'Live capture needs root or CAP_NET_RAW. Replay needs no privilege.',
] as const;

export const TOTALS = [
  'At the end, on SIGUSR2 and at loss, the totals go to standard error, as equations that hold at any moment: received = handed over + dropped by the kernel; handed over = parsed + skipped, by reason; lines and bytes written, lines lost, write errors.',
] as const;

export const LIMITS = [
  'TLS, HTTP/2 and HTTP/3 cannot be read; TLS hellos and HTTP/2 prefaces are counted. A message that starts inside a packet, behind a body of unknown length, is not found.',
] as const;

export const FILES: readonly (readonly [string, string])[] = [
  ['/etc/sysconfig/httplog', 'Configuration: KEY=value lines as a shell would read them. It must belong to root or to the user who runs httplog, and be writable by its owner only.'],
  ['./httplog.conf', 'Read where the former is missing.'],
  ['/log/httplog', 'The default log directory (*-d*).'],
  ['http-YYYYMMDD.log', 'The records of a day; .tsv, .json, .ecs.json by format.'],
  ['http-CQ-YYYYMMDD.log', 'The same by kind, with *-log_split*; likewise CR, SQ, SR.'],
  ['.httplog.lock', 'In the log directory: held by the one httplog that writes there.'],
  ['httplog@.service', 'The systemd unit: its instance is the interface.'],
];

export const SIGNALS: readonly (readonly [string, string])[] = [
  ['SIGTERM, SIGINT', 'Write what was captured, print the totals, exit; 10 s at most, the rest is counted as lost. A second one ends at once.'],
  ['SIGHUP', 'Close the files and open them again. From a terminal that hung up: end as above, but not under nohup.'],
  ['SIGUSR2', 'Print the totals.'],
  ['SIGUSR1', 'Nothing: it does not open the debugger of Node.js.'],
];

export const EXIT_STATUS: readonly (readonly [string, string])[] = [
  ['0', 'Done.'],
  ['1', 'Could not do it: interface, permission, file, disk; also when a record was lost to a write error.'],
  ['2', 'Usage or configuration.'],
];

export const SEE_ALSO = '*tcpdump*(8), *pcap-filter*(7), *logrotate*(8), *systemd.service*(5)';
