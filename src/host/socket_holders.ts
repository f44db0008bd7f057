// Which processes hold a socket: /proc/PID/fd has a symbolic link `socket:[INODE]` for each (proc(5)). Read with getdents64 and
// readlinkat, because there may be tens of thousands.

import { constants } from 'node:os';
import { ascii, isDigit, ZERO } from '../bytes/ascii.js';
import { writeDecimal } from '../bytes/write.js';
import { LITTLE_ENDIAN, bind, close, errno } from './libc.js';

const openDirectory = bind<(path: Uint8Array, flags: number) => number>('int open(void*, int)');
const O_DIRECTORY_CLOEXEC = 0x10000 | 0x80000;
const readLinkAt = bind<(directory: number, name: Uint8Array, into: Uint8Array, bytes: number) => number>(
  'intptr_t readlinkat(int, void*, void*, size_t)',
);
const readEntries = bind<(fd: number, into: Uint8Array, bytes: number) => number>('intptr_t getdents64(int, void*, size_t)');

// struct linux_dirent64: inode, offset, length of the record, type, name
const RECORD_LENGTH = 16;
const NAME = 19;
const ENTRIES_BYTES = 32 << 10;

const PROC = ascii('/proc/');
const FD = ascii('/fd\0');
const SOCKET = ascii('socket:[');
const MOST_LINK_BYTES = 64;
/** a descriptor and NUL */
const NUMBER_BYTES = 16;
const DOT = 0x2e;

/** What became of reading a process's descriptors. */
export const FD_SCAN = {
  DONE: 0,
  /** there is no such process any more */
  GONE: 1,
  /** it is not ours to read: CAP_SYS_PTRACE (and to pass its directory, CAP_DAC_READ_SEARCH) is missing */
  REFUSED: 2,
} as const;

/** Reads descriptors of one process after the other. */
export class DescriptorReader {
  private readonly path = new Uint8Array(MOST_LINK_BYTES);
  private readonly entries = new Uint8Array(ENTRIES_BYTES);
  private readonly entriesView = new DataView(this.entries.buffer);
  private readonly name = new Uint8Array(NUMBER_BYTES);
  private readonly link = new Uint8Array(MOST_LINK_BYTES);

  constructor() {
    this.path.set(PROC);
  }

  /**
   * Calls `visit` with the inode of each socket that the process holds, one that it holds twice twice.
   * @param visit returns false to end the walk
   * @returns FD_SCAN
   */
  sockets(pid: number, visit: (inode: number) => boolean): number {
    this.path.set(FD, writeDecimal(this.path, PROC.length, pid));
    const directory = openDirectory(this.path, O_DIRECTORY_CLOEXEC);
    if (directory < 0) return scanResult(errno());
    try {
      for (;;) {
        const length = readEntries(directory, this.entries, ENTRIES_BYTES);
        if (length < 0) return scanResult(errno());
        if (length === 0 || !this.visitEntries(directory, length, visit)) return FD_SCAN.DONE;
      }
    } finally {
      close(directory);
    }
  }

  /** Whether the process holds a socket. */
  holds(pid: number, inode: number): boolean {
    let holds = false;
    this.sockets(pid, (held) => {
      holds = held === inode;
      return !holds;
    });
    return holds;
  }

  /** Whether the process holds one of these sockets. */
  holdsOneOf(pid: number, inodes: ReadonlySet<number>): boolean {
    let holds = false;
    this.sockets(pid, (held) => {
      holds = inodes.has(held);
      return !holds;
    });
    return holds;
  }

  private visitEntries(directory: number, length: number, visit: (inode: number) => boolean): boolean {
    const { entries, entriesView, name, link } = this;
    for (let at = 0; at < length;) {
      if (entries[at + NAME] !== DOT) {
        // Copied, because an address of the entry itself would be an object each.
        for (let i = 0; i < NUMBER_BYTES; i++) name[i] = entries[at + NAME + i];
        const bytes = readLinkAt(directory, name, link, MOST_LINK_BYTES);
        const inode = socketInode(link, bytes);
        if (inode > 0 && !visit(inode)) return false;
      }
      at += entriesView.getUint16(at + RECORD_LENGTH, LITTLE_ENDIAN);
    }
    return true;
  }
}

function scanResult(code: number): number {
  return code === constants.errno.EACCES || code === constants.errno.EPERM ? FD_SCAN.REFUSED : FD_SCAN.GONE;
}

/** The number in `socket:[N]`; 0: it is another kind of descriptor. */
export function socketInode(link: Uint8Array, length: number): number {
  if (length <= SOCKET.length) return 0;
  for (let i = 0; i < SOCKET.length; i++) if (link[i] !== SOCKET[i]) return 0;
  let inode = 0;
  for (let i = SOCKET.length; i < length && isDigit(link[i]); i++) inode = inode * 10 + link[i] - ZERO;
  return inode;
}

/** What a whole look found. */
export interface HolderSnapshot {
  /** by inode: the process, or several that share it, by rising number */
  readonly holders: Map<number, number | number[]>;
  /** processes that could not be read */
  readonly refused: number;
}

/**
 * Who holds which socket, in all of `pids`. Some 1.5 µs a descriptor and 20 µs a process.
 * @param pids by rising number
 */
export function readHolders(reader: DescriptorReader, pids: Iterable<number>): HolderSnapshot {
  const holders = new Map<number, number | number[]>();
  let refused = 0;
  for (const pid of pids) if (addHolders(reader, pid, holders) === FD_SCAN.REFUSED) refused++;
  return { holders, refused };
}

/**
 * Adds what one process holds.
 * @param holders of processes with lower numbers
 * @returns FD_SCAN
 */
export function addHolders(reader: DescriptorReader, pid: number, holders: Map<number, number | number[]>): number {
  return reader.sockets(pid, (inode) => {
    const known = holders.get(inode);
    if (known === undefined) holders.set(inode, pid);
    else if (typeof known === 'number') {
      if (known !== pid) holders.set(inode, [known, pid]);
    } else if (known[known.length - 1] !== pid) known.push(pid);
    return true;
  });
}
