// The process at the local end of a record's connection (-proc), as a parsing worker knows it.

/** How a process was found to have a connection. */
export const VIA = {
  /** it opened the connection, whose first packet was seen */
  CONNECT: 1,
  /** it accepted the connection, whose first packet was seen, or has the listening socket where that waits to be accepted */
  LISTENER: 2,
  /** it had the connection when that was looked up, whose beginning was not seen */
  SCAN: 3,
} as const;

/** By VIA; the first stands for none. */
export const VIA_NAMES = ['', 'connect', 'listener', 'scan'] as const;

/** Why a record has no process. */
export const UNOWNED = {
  /** no socket has these ends, in any network namespace that is seen: the record is of a connection between others, or one that is long over */
  NO_SOCKET: 0,
  /** the socket is there and no process's: nobody has accepted it yet, or all have closed it */
  NOT_HELD: 1,
  /** a process has the socket, and is not one that we can find: it is gone, or the kernel itself */
  NOT_FOUND: 2,
  /** several processes could have accepted it, and it was over before it could be seen which did */
  SEVERAL: 3,
  /** the answer was not there in the time that a record waits */
  LATE: 4,
  /** too many were asked for at one time */
  REFUSED: 5,
  /** the process was known once; too many others were, since */
  FORGOTTEN: 6,
  /** the thread that finds processes is being started again */
  STOPPED: 7,
} as const;

/** By UNOWNED, as the totals name them. */
export const UNOWNED_NAMES = [
  'no such socket', 'held by no process', 'process not found', 'several could have accepted', 'not found in time', 'asks refused', 'forgotten', 'thread down',
] as const;

const NOTHING: Uint8Array = new Uint8Array(0);

/** A process; what is not known of it is empty. */
export class Owner {
  /** its fields as the worker's one format writes them, made on first use */
  rendered: Uint8Array | undefined;

  /**
   * @param pid 0: no process is known
   * @param ppid -1: not known
   * @param exe path of its program
   * @param container the engine's name for where it is; empty also when it is in none
   * @param guid as `httplog processes` names it (host/process_guid.ts), ASCII
   */
  constructor(
    readonly pid = 0,
    readonly ppid = -1,
    readonly exe = NOTHING,
    readonly user = NOTHING,
    readonly container = NOTHING,
    readonly guid = NOTHING,
  ) {}

  /** Bytes of its texts together. */
  get length(): number {
    return this.exe.length + this.user.length + this.container.length + this.guid.length;
  }
}

/** Nobody is known. */
export const NO_OWNER = new Owner();
