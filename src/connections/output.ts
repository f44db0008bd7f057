// Where lines go: standard output, a file that is put aside when it is large, or the two files of lognet.

import { join, basename } from 'node:path';
import type { ConnectionsSettings } from '../config/connections_settings.js';
import { wholeLines } from '../log/lines.js';
import { LogError, type ClosedOutputError } from '../log/log_error.js';
import { StandardOutput } from '../log/standard_output.js';
import { WriteLedger, type WriteReports } from '../log/write_ledger.js';
import { connectionsTop, processesTop } from './formats/lognet.js';
import { KeptFile } from './kept_file.js';

/** Calls come one after the other, and none rejects for what the system says: that goes to the ledger. */
export interface Output {
  readonly ledger: WriteLedger;
  /** in words */
  readonly place: string;
  /** @param processLines go before them, to the list of processes */
  write(lines: Uint8Array, count: number, processLines: Uint8Array): Promise<void>;
  /** The next lines open files anew. */
  reopen(): void;
  close(): Promise<void>;
}

export interface OutputReports extends WriteReports {
  /** nobody reads standard output any more */
  onClosed(error: ClosedOutputError): void;
  onNote(text: string): void;
}

/** @throws LogError when a file cannot be written */
export async function openOutput(settings: ConnectionsSettings, reports: OutputReports): Promise<Output> {
  const ledger = new WriteLedger(reports);
  if (settings.format === 'lognet') return openPair(settings, ledger, reports);
  const { file, maxBytes, backupCount } = settings;
  if (file === '') return new StandardLines(ledger, reports);
  const kept = await KeptFile.in(file, { ledger, maxBytes, backupCount });
  await kept.open();
  return new FileLines(ledger, kept);
}

/** The pair in its own place, else in the directory that is to be fallen back on. */
async function openPair(settings: ConnectionsSettings, ledger: WriteLedger, { onNote }: OutputReports): Promise<Output> {
  const { connectionsLog, processesLog, fallbackDirectory } = settings;
  try {
    return await LognetFiles.open(ledger, connectionsLog, processesLog, onNote);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    if (fallbackDirectory === '') {
      throw new LogError(`${error.message.replace(/; .*-d.*$/, '')}; name other files with -clog and -plog, or give --fallback-dir DIR`, { cause: error });
    }
    onNote(`${error.message.replace(/; .*-d.*$/, '')}; falling back on ${fallbackDirectory}`);
    return LognetFiles.open(ledger, join(fallbackDirectory, basename(connectionsLog)), join(fallbackDirectory, basename(processesLog)), onNote);
  }
}

class StandardLines implements Output {
  readonly place = 'standard output';
  private readonly sink: StandardOutput;

  constructor(readonly ledger: WriteLedger, { onClosed }: OutputReports) {
    this.sink = new StandardOutput({ ledger, onClosed });
  }

  write(bytes: Uint8Array, lines: number): Promise<void> {
    return this.sink.write([{ region: 0, period: 0, bytes, lines }]);
  }

  reopen(): void {
    // it belongs to whoever started us
  }

  close(): Promise<void> {
    return this.sink.close();
  }
}

class FileLines implements Output {
  readonly place: string;

  constructor(readonly ledger: WriteLedger, private readonly file: KeptFile) {
    this.place = file.path;
  }

  write(lines: Uint8Array, count: number): Promise<void> {
    return this.file.write(lines, count);
  }

  reopen(): void {
    this.file.reopen();
  }

  async close(): Promise<void> {
    this.file.close();
  }
}

class LognetFiles implements Output {
  readonly place: string;

  private constructor(readonly ledger: WriteLedger, private readonly connections: KeptFile, private readonly processes: KeptFile) {
    this.place = `${connections.path} and ${processes.path}`;
  }

  /** @throws LogError */
  static async open(ledger: WriteLedger, connectionsLog: string, processesLog: string, onNote: (text: string) => void): Promise<LognetFiles> {
    // Lines of the list of processes are no records: what becomes of them is not counted among those.
    const notes = new WriteLedger({ onError: (error) => onNote(error.message), onRecovery: () => undefined });
    const connections = await KeptFile.in(connectionsLog, { ledger, top: connectionsTop });
    const processes = await KeptFile.in(processesLog, { ledger: notes, top: processesTop });
    for (const file of [connections, processes]) {
      const archived = file.archive();
      if (archived !== undefined) onNote(`the last ${basename(file.path)} is ${archived} now`);
      await file.open();
    }
    return new LognetFiles(ledger, connections, processes);
  }

  async write(lines: Uint8Array, count: number, processLines: Uint8Array): Promise<void> {
    // A name stands in the list before a connection has it.
    if (processLines.length > 0) await this.processes.write(processLines, wholeLines([processLines], processLines.length).lines);
    await this.connections.write(lines, count);
  }

  reopen(): void {
    this.connections.reopen();
    this.processes.reopen();
  }

  async close(): Promise<void> {
    this.connections.close();
    this.processes.close();
  }
}
