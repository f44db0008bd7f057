// The pair of files of lognet: connections.log names a process by its upid, processes.log has its command line.
//
//   2022-07-27|22:23:15 TCP 192.168.1.210 40100 104.244.42.66 443 ESTABLISHED vivaldi-bin|5545|1658892385.62
//   2022-07-27|22:23:15 vivaldi-bin|5545|1658892385.62 ['/opt/vivaldi/vivaldi-bin', '--type=utility']
//
// Times are those of this host's zone. Like the original it has a line for each connection, not for its end: when it is
// established, and as SYN_SENT when that failed. UDP has the status NONE.

import { localTime } from '../event_time.js';
import type { ConnectionEvent, Owner } from '../connection.js';
import { UNKNOWN, columnText, plainText, programName } from '../owner_text.js';
import type { ConnectionFormat, FileTop, FormattedEvent } from './format.js';
import { pythonList } from './python_repr.js';

const NO_LINE: FormattedEvent = { line: '', processLine: '' };
const NOT_THERE = '-';
/** What would end a name or its column. */
const SEPARATORS = /[\s|]/gu;
/** Processes remembered as listed; beyond that, one may be listed again. */
const MOST_LISTED = 65_536;

export const connectionsTop: FileTop = (nowNs) => top(nowNs, 'timestamp prot laddr lport raddr rport status upid');
export const processesTop: FileTop = (nowNs) => top(nowNs, 'timestamp upid [command_line with parameters]');

function top(nowNs: bigint, fields: string): string {
  return `#Version: 1.0\n#Date: ${localTime(nowNs, ' ')}\n#Fields: ${fields}\n`;
}

export class LognetFormat implements ConnectionFormat {
  private readonly listed = new Set<string>();

  format(event: ConnectionEvent): FormattedEvent {
    const status = statusOf(event);
    if (status === undefined) return NO_LINE;
    const time = localTime(event.timeNs, '|');
    const upid = upidOf(event.owner);
    const { local, localPort, remote, remotePort, protocol } = event;
    const far = remote === '' ? `${NOT_THERE} ${NOT_THERE}` : `${remote} ${remotePort}`;
    const near = `${local} ${localPort === 0 ? NOT_THERE : localPort}`;
    return {
      line: `${time} ${protocol.toUpperCase()} ${near} ${far} ${status} ${upid}\n`,
      processLine: this.processLine(time, upid, event.owner),
    };
  }

  /** A new list names everybody again. */
  restart(): void {
    this.listed.clear();
  }

  private processLine(time: string, upid: string, owner: Owner | undefined): string {
    if (owner === undefined || this.listed.has(upid)) return '';
    if (this.listed.size >= MOST_LISTED) this.listed.clear();
    this.listed.add(upid);
    return `${time} ${upid} ${owner.image.cmdline === undefined ? UNKNOWN : pythonList(owner.image.cmdline)}\n`;
  }
}

function statusOf({ event, protocol, hasFailed }: ConnectionEvent): string | undefined {
  if (protocol === 'udp') return event === 'close' ? undefined : 'NONE';
  if (event === 'listen') return 'LISTEN';
  if (event === 'established') return 'ESTABLISHED';
  return hasFailed ? 'SYN_SENT' : undefined;
}

/** Name, number and start of a process: what names it for ever. */
function upidOf(owner: Owner | undefined): string {
  if (owner === undefined) return `${UNKNOWN}|${NOT_THERE}|${NOT_THERE}`;
  const name = programName(owner.image);
  const text = name === undefined ? UNKNOWN : columnText(plainText(name), SEPARATORS);
  return `${text}|${owner.pid}|${owner.startNs === undefined ? NOT_THERE : seconds(owner.startNs)}`;
}

/** As Python prints seconds that were rounded to hundredths: `1658892270.25`, `1658892270.0`. */
function seconds(ns: bigint): string {
  const hundredths = (ns + 5_000_000n) / 10_000_000n;
  const fraction = String(hundredths % 100n).padStart(2, '0');
  return `${hundredths / 100n}.${fraction.endsWith('0') ? fraction.slice(0, 1) : fraction}`;
}
