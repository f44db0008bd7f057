// Other network namespaces of this host, such as containers': sock_diag tells of the caller's own alone, but /proc/PID/net shows
// that of the process (proc(5)). A namespace without a process that we see is not seen.

import { readFileSync, readlinkSync } from 'node:fs';
import { LITTLE_ENDIAN } from './libc.js';
import { ADDRESS_BYTES, AF_INET, AF_INET6, type SocketRows, writeMapped } from './socket_rows.js';
import { IPPROTO_TCP } from './sock_diag.js';

const MOST_NAMESPACES = 1024;
const WORD_BYTES = 4;
const WORD_DIGITS = 8;
const FILES = { [AF_INET]: 'tcp', [AF_INET6]: 'tcp6' } as const;
// columns of /proc/PID/net/tcp
const [LOCAL, REMOTE, STATE, INODE, COLUMNS] = [1, 2, 3, 9, 10];

/** A network namespace. */
export interface Namespace {
  readonly id: string;
  /** a process in it; undefined: it is our own */
  readonly pid: number | undefined;
}

/** One process of every network namespace but this thread's own. @param pids where to look, those of threads too */
export function otherNamespaces(pids: Iterable<number>): Namespace[] {
  const found = new Map<string, Namespace>();
  const own = namespaceOf('thread-self');
  for (const pid of pids) {
    const id = namespaceOf(String(pid));
    if (id === undefined || id === own || found.has(id)) continue;
    if (found.size >= MOST_NAMESPACES) break;
    found.set(id, { id, pid });
  }
  return [...found.values()];
}

/** undefined: it is gone, a kernel thread, or not ours to read */
function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** Adds the TCP sockets of another namespace to `rows`: of cookie, user and interface nothing is known. None when its process is gone. */
export function readSockets(namespace: Namespace, rows: SocketRows): void {
  for (const family of [AF_INET, AF_INET6] as const) readFamily(namespace, family, rows);
}

/**
 * The same for the sockets of one family. Some 1.5 ms, however few there are: the kernel walks the hash table that all namespaces
 * share.
 */
export function readFamily({ pid }: Namespace, family: typeof AF_INET | typeof AF_INET6, rows: SocketRows): void {
  const addresses = new Uint8Array(2 * ADDRESS_BYTES);
  let text: string;
  try {
    text = readFileSync(`/proc/${pid ?? 'thread-self'}/net/${FILES[family]}`, 'latin1');
  } catch {
    return;
  }
  for (const line of text.split('\n').slice(1)) addLine(line, family, addresses, rows);
}

function addLine(line: string, family: number, addresses: Uint8Array, rows: SocketRows): void {
  const fields = line.trim().split(/\s+/);
  const inode = Number(fields[INODE]);
  if (fields.length < COLUMNS || !Number.isInteger(inode)) return;
  const localPort = readEnd(fields[LOCAL], addresses, 0);
  const remotePort = readEnd(fields[REMOTE], addresses, ADDRESS_BYTES);
  const row = rows.add();
  rows.family[row] = family;
  rows.protocol[row] = IPPROTO_TCP;
  rows.state[row] = parseInt(fields[STATE], 16);
  rows.localPort[row] = localPort;
  rows.remotePort[row] = remotePort;
  rows.boundTo[row] = rows.cookieLow[row] = rows.cookieHigh[row] = rows.uid[row] = 0;
  rows.inode[row] = inode;
  rows.addresses.set(addresses, rows.localAt(row));
}

/** `0100007F:1F90`: the address as words of this machine, into the form of IPv6. @returns the port */
function readEnd(text: string, out: Uint8Array, at: number): number {
  const digits = text.indexOf(':');
  const words = new Uint8Array(digits / 2);
  const view = new DataView(words.buffer);
  for (let i = 0; i < digits / WORD_DIGITS; i++) {
    view.setUint32(i * WORD_BYTES, parseInt(text.slice(i * WORD_DIGITS, (i + 1) * WORD_DIGITS), 16), LITTLE_ENDIAN);
  }
  if (words.length === WORD_BYTES) writeMapped(out, at, words, 0);
  else out.set(words, at);
  return parseInt(text.slice(digits + 1), 16);
}
