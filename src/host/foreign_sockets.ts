// TCP connections of other network namespaces of this host, such as containers': sock_diag tells of its own alone, but /proc/PID/net/tcp
// of any process there has them. A namespace without a process is not seen. Two of them may use the same addresses: a connection that is
// in both is nobody's.

import { readFileSync, readlinkSync, readdirSync } from 'node:fs';
import { endianness } from 'node:os';
import type { ConnectionKey } from '../ring/connection_key.js';

/** Reading everything may take this share of the time. */
const LOOK_SHARE = 0.1;
const LEAST_MS = 20;
const WORD_DIGITS = 8;
const MAPPED = endianness() === 'LE' ? '0000000000000000FFFF0000' : '00000000000000000000FFFF';
const MOST_NAMESPACES = 1024;

// columns of /proc/PID/net/tcp (proc(5))
const [LOCAL, REMOTE, INODE] = [1, 2, 9];

export class ForeignSockets {
  /** inode by both ends; 0: there are several */
  private inodes = new Map<string, number>();
  private nextMs = 0;
  private readonly own: string;

  constructor() {
    this.own = readlinkSync('/proc/thread-self/ns/net');
  }

  /** The inode of a connection's end, as of the last look; 0: it is in no other namespace, or in several. */
  find(key: ConnectionKey): number {
    return this.inodes.get(`${endText(key.words, 0, key.localPort)} ${endText(key.words, 4, key.remotePort)}`) ?? 0;
  }

  /**
   * Looks again, unless the last look was too lately for what it took.
   * @param nowMs performance.now()
   */
  refresh(nowMs: number): void {
    if (nowMs < this.nextMs) return;
    const members = this.members();
    this.inodes = new Map();
    for (const pid of members.values()) this.read(pid);
    const endMs = performance.now();
    this.nextMs = endMs + Math.max(LEAST_MS, (endMs - nowMs) * (1 / LOOK_SHARE - 1));
  }

  /** A process of each namespace that is not ours, by the namespace. */
  private members(): Map<string, string> {
    const members = new Map<string, string>();
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid) || members.size >= MOST_NAMESPACES) continue;
      try {
        const namespace = readlinkSync(`/proc/${pid}/ns/net`);
        if (namespace !== this.own && !members.has(namespace)) members.set(namespace, pid);
      } catch {
        // gone meanwhile, or a kernel thread
      }
    }
    return members;
  }

  private read(pid: string): void {
    for (const name of ['tcp', 'tcp6']) {
      let text: string;
      try {
        text = readFileSync(`/proc/${pid}/net/${name}`, 'latin1');
      } catch {
        continue;
      }
      for (const line of text.split('\n').slice(1)) this.take(line.trim().split(/\s+/));
    }
  }

  private take(columns: readonly string[]): void {
    const inode = Number(columns[INODE]);
    if (!(inode > 0)) return;
    const ends = `${mapped(columns[LOCAL])} ${mapped(columns[REMOTE])}`;
    const known = this.inodes.get(ends);
    this.inodes.set(ends, known === undefined || known === inode ? inode : 0);
  }
}

/** `0100007F:0050` as an end of IPv6. */
function mapped(end: string): string {
  return end.indexOf(':') === WORD_DIGITS ? MAPPED + end : end;
}

/** An end as /proc writes it: words of the address in the host's byte order. */
function endText(words: Int32Array, at: number, port: number): string {
  let text = '';
  for (let i = 0; i < 4; i++) text += hex(endianness() === 'LE' ? swapped(words[at + i]) : words[at + i] >>> 0, WORD_DIGITS);
  return `${text}:${hex(port, 4)}`;
}

function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
