// Sockets that listen, in this network namespace and in those of the processes we see: theirs are read from /proc/PID/net, which
// shows the namespace of that process.

import { readFileSync, readlinkSync } from 'node:fs';
import { LITTLE_ENDIAN } from '../host/libc.js';
import { formatAddress } from '../config/network.js';
import { unmapped } from '../host/sock_state.js';
import { IPPROTO_TCP, type SockDiag } from '../host/sock_diag.js';
import { AF_INET, AF_INET6, SocketRows, TCP_STATE } from '../host/socket_rows.js';
import type { Ends } from './connection.js';
import { endsOfRow } from './sockets.js';

const MOST_NAMESPACES = 1024;

export interface Listener {
  readonly local: string;
  readonly port: number;
  readonly inode: number;
  readonly namespace: Namespace;
}

/** A network namespace. */
export interface Namespace {
  readonly id: string;
  /** a process in it; undefined: it is our own */
  readonly pid: number | undefined;
}

const OWN: Namespace = { id: 'own', pid: undefined };

export class Listeners {
  private byPort = new Map<number, Listener[]>();

  constructor(private readonly diag: SockDiag) {}

  /** Reads all of them anew. @param pids the processes there are */
  refresh(pids: Iterable<number>): void {
    this.byPort = new Map();
    const rows = new SocketRows();
    for (const family of [AF_INET, AF_INET6]) this.diag.dump(family, IPPROTO_TCP, 1 << TCP_STATE.LISTEN, rows);
    for (let row = 0; row < rows.count; row++) {
      const { local, localPort } = endsOfRow(rows, row);
      this.add({ local, port: localPort, inode: rows.inode[row], namespace: OWN });
    }
    for (const namespace of otherNamespaces(pids)) {
      for (const { ends, state, inode } of readSockets(namespace)) {
        if (state === TCP_STATE.LISTEN) this.add({ local: ends.local, port: ends.localPort, inode, namespace });
      }
    }
  }

  /** Those that a connection with these ends may have come to, by namespace: the address itself goes before any address. */
  matching({ local, localPort }: Ends): ReadonlyMap<Namespace, readonly Listener[]> {
    const found = new Map<Namespace, Listener[]>();
    for (const wanted of [[local], local.includes(':') ? ['::'] : ['0.0.0.0', '::']]) {
      const before = new Set(found.keys());
      for (const listener of this.byPort.get(localPort) ?? []) {
        if (!wanted.includes(listener.local) || before.has(listener.namespace)) continue;
        found.set(listener.namespace, [...found.get(listener.namespace) ?? [], listener]);
      }
    }
    return found;
  }

  private add(listener: Listener): void {
    const known = this.byPort.get(listener.port);
    if (known === undefined) this.byPort.set(listener.port, [listener]);
    else known.push(listener);
  }
}

/** One process of every network namespace but our own. */
export function otherNamespaces(pids: Iterable<number>): Namespace[] {
  const found = new Map<string, Namespace>();
  const own = namespaceOf('self');
  for (const pid of pids) {
    const id = namespaceOf(String(pid));
    if (id === undefined || id === own || found.has(id)) continue;
    if (found.size >= MOST_NAMESPACES) break;
    found.set(id, { id, pid });
  }
  return [...found.values()];
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

export interface ProcSocketLine {
  readonly ends: Ends;
  readonly state: number;
  readonly inode: number;
}

/** The TCP sockets of another namespace (proc(5), /proc/net/tcp). */
export function readSockets({ pid }: Namespace): ProcSocketLine[] {
  return ['tcp', 'tcp6'].flatMap((name) => {
    try {
      return readFileSync(`/proc/${pid ?? 'self'}/net/${name}`, 'latin1').split('\n').slice(1).map(parseLine).filter((line) => line !== undefined);
    } catch {
      return []; // its last process is gone
    }
  });
}

function parseLine(line: string): ProcSocketLine | undefined {
  const fields = line.trim().split(/\s+/);
  const [, near, far, state] = fields;
  const inode = Number(fields[9]);
  if (fields.length < 10 || !Number.isInteger(inode)) return undefined;
  const [local, localPort] = parseEnd(near);
  const [remote, remotePort] = parseEnd(far);
  const isAlone = parseInt(state, 16) === TCP_STATE.LISTEN;
  return { ends: { local, localPort, remote: isAlone ? '' : remote, remotePort: isAlone ? 0 : remotePort }, state: parseInt(state, 16), inode };
}

/** `0100007F:1F90`: the address as words of this machine, the port as a number. */
function parseEnd(text: string): [string, number] {
  const [address, port] = text.split(':');
  const bytes = new Uint8Array(address.length / 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, parseInt(address.slice(2 * at, 2 * at + 8), 16), LITTLE_ENDIAN);
  return [formatAddress(unmapped(bytes)), parseInt(port, 16)];
}
