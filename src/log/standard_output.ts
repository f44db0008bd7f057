// Records on standard output (-d -): whoever reads them sets the pace, and may go away.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { isTerminal } from '../host/terminal.js';
import { systemFiles, type FileAccess } from './file_access.js';
import type { FileHeader } from './file_header.js';
import type { LineSink } from './line_sink.js';
import { NEWLINE, sumLines, wholeLines, type LineRun } from './lines.js';
import { ClosedOutputError, errorCode, systemLogError } from './log_error.js';
import type { WriteLedger } from './write_ledger.js';
import { writeWhole, type WriteEnd } from './write_whole.js';

const STDOUT = 1;
/** What a write says when nobody can read any more. */
const CLOSED = new Set(['EPIPE', 'ECONNRESET', 'ENOTCONN', 'EBADF']);

export interface StandardOutputOptions {
  readonly ledger: WriteLedger;
  /** The reader is gone: called once; lines from then on are lost (replay ends with 0, live capture with 1). */
  readonly onClosed: (error: ClosedOutputError) => void;
  /** what the first record stands under; default nothing */
  readonly header?: FileHeader | undefined;
  /** default: the system's */
  readonly files?: FileAccess;
  /** default: standard output */
  readonly fd?: number;
}

export class StandardOutput implements LineSink {
  readonly ledger: WriteLedger;
  private readonly files: FileAccess;
  private readonly fd: number;
  /** opened here, to be closed here */
  private readonly ownFd: number | undefined;
  private closed = false;
  /** the last thing written is the beginning of a line that could not be finished */
  private torn = false;
  /** lines that go before the first record */
  private header: FileHeader | undefined;

  constructor(private readonly options: StandardOutputOptions) {
    this.ledger = options.ledger;
    this.header = options.header;
    this.files = options.files ?? systemFiles;
    const fd = options.fd ?? STDOUT;
    this.ownFd = ownDescription(fd);
    this.fd = this.ownFd ?? fd;
  }

  /** Waits for a slow reader without end. */
  async write(runs: readonly LineRun[]): Promise<void> {
    if (this.closed) {
      this.ledger.discarded(sumLines(runs));
      return;
    }
    const lines = sumLines(runs);
    const unready = (await this.mendTail()) ?? (await this.putHeader());
    if (unready !== undefined) {
      this.fail(lines, unready);
      return;
    }
    const parts = runs.map((run) => run.bytes);
    const { written, error } = await this.put(parts);
    if (error === undefined) {
      this.ledger.wrote(lines, written);
      return;
    }
    const whole = wholeLines(parts, written);
    this.torn = written > whole.bytes;
    this.ledger.wrote(whole.lines, whole.bytes);
    this.fail(lines - whole.lines, error);
  }

  /** There is no file to open anew. */
  async reopen(): Promise<void> {
    // standard output belongs to whoever started us
  }

  async tend(): Promise<void> {
    // nothing ages here
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.ownFd !== undefined) closeSync(this.ownFd);
  }

  /** @returns what the system said when the torn line could not be ended */
  private async mendTail(): Promise<unknown> {
    if (!this.torn) return undefined;
    const { error } = await this.put([Uint8Array.of(NEWLINE)]);
    if (error !== undefined) return error;
    this.torn = false;
    this.ledger.mended();
    return undefined;
  }

  /** @returns what the system said when the header could not be written */
  private async putHeader(): Promise<unknown> {
    if (this.header === undefined) return undefined;
    const { written, error } = await this.put([Buffer.from(this.header.begin(new Date()))]);
    this.torn = error !== undefined && written > 0;
    if (error !== undefined) return error;
    this.header = undefined;
    this.ledger.wrote(0, written);
    return undefined;
  }

  private put(parts: readonly Uint8Array[]): Promise<WriteEnd> {
    return writeWhole(this.files, this.fd, parts, Infinity);
  }

  private fail(lines: number, error: unknown): void {
    if (!CLOSED.has(errorCode(error))) {
      this.ledger.failed(lines, systemLogError('cannot write records to standard output', error));
      return;
    }
    this.closed = true;
    this.ledger.discarded(lines);
    this.options.onClosed(new ClosedOutputError('standard output was closed by its reader', { cause: error }));
  }
}

/**
 * A non-blocking descriptor of the same pipe or terminal. A thread inside a blocking write cannot be stopped: process.exit()
 * would wait for a reader that never reads. O_NONBLOCK on the descriptor we were given would reach every process that
 * shares it (the shell, our own standard error).
 * @returns undefined where there is none (a file, a socket, a terminal of somebody else): the given one has to do
 */
function ownDescription(fd: number): number | undefined {
  try {
    if (!fstatSync(fd).isFIFO() && !isTerminal(fd)) return undefined;
    return openSync(`/proc/self/fd/${String(fd)}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}
