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
