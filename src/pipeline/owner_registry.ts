// The processes that were found, each with its row of the owner rows. A row goes to another process when it is needed and its own was
// not named for longest.

import type { Process } from '../host/process_table.js';
import { UserNames } from '../host/user_names.js';
import { Owner } from '../record/owner.js';
import { OWNER_ROWS, OwnerWriter } from '../ring/owner_rows.js';

/** What is written of a process. */
interface Row {
  readonly row: number;
  readonly epoch: number;
  readonly pid: number;
  readonly startTicks: number;
  exe: Uint8Array | undefined;
  uid: number | undefined;
  ppid: number | undefined;
}

export class OwnerRegistry {
  private readonly writer: OwnerWriter;
  private readonly names = new UserNames();
  /** by pid and start, the one named longest ago first */
  private readonly rows = new Map<string, Row>();
  private readonly byRow: (Row | undefined)[] = [];
  private readonly encoder = new TextEncoder();

  constructor(memory: SharedArrayBuffer) {
    this.writer = new OwnerWriter(memory);
    this.writer.mend();
  }

  /** The row of a process, up to date. */
  rowOf(process: Process): { readonly row: number; readonly epoch: number } {
    const name = `${process.pid} ${process.startTicks}`;
    const known = this.rows.get(name);
    if (known === undefined) return this.make(name, process);
    this.rows.delete(name);
    this.rows.set(name, known);
    if (known.exe !== process.image.exe || known.uid !== process.uid || known.ppid !== process.ppid) {
      this.writer.write(known.row, this.describe(process), false);
      [known.exe, known.uid, known.ppid] = [process.image.exe, process.uid, process.ppid];
    }
    return known;
  }

  /** The process that has a row now. */
  processOf(row: number): { readonly pid: number; readonly startTicks: number } | undefined {
    return this.byRow[row];
  }

  private make(name: string, process: Process): Row {
    const { pid, startTicks, image: { exe }, uid, ppid } = process;
    let row = this.rows.size;
    if (row >= OWNER_ROWS) {
      const [oldest, { row: freed }] = this.rows.entries().next().value as [string, Row];
      this.rows.delete(oldest);
      row = freed;
    }
    const epoch = this.writer.write(row, this.describe(process), true);
    const made: Row = { row, epoch, pid, startTicks, exe, uid, ppid };
    this.rows.set(name, made);
    this.byRow[row] = made;
    return made;
  }

  private describe({ pid, ppid, image, uid, container, guid }: Process): Owner {
    const { encoder } = this;
    const user = uid === undefined ? undefined : encoder.encode(this.names.of(uid));
    return new Owner(pid, ppid ?? -1, image.exe, user, container, guid === undefined ? undefined : encoder.encode(guid));
  }
}
