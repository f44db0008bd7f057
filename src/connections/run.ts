// httplog connections from start to exit code: opens the output, starts the thread that follows connections, writes its lines.

import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ConnectionsSettings } from '../config/connections_settings.js';
import { effectiveCapabilities } from '../host/capabilities.js';
import { exitAtOnce } from '../host/exit.js';
import { close } from '../host/libc.js';
import { ProcConnectorError, openProcSocket, type ProcSocket } from '../host/proc_connector.js';
import { TABLE_EVENTS } from '../host/process_watch.js';
import { userToBecome } from '../pipeline/become_user.js';
import { EXIT } from '../pipeline/exit_code.js';
import { flushMessages, say, sayError, sayLimited } from '../pipeline/say.js';
import { handleSignals } from '../pipeline/signals.js';
import { Asks } from './asks.js';
import { openOutput, type Output } from './output.js';
import { Rights, unseenOthers } from './rights.js';
import { ASKED, type ConnectionMessage, type ConnectionTask, type ConnectionTotals } from './tasks.js';

export interface ConnectionsOptions {
  /** started under nohup: a terminal that hangs up does not end the run */
  readonly ignoreHangUp: boolean;
}

/** How long the end waits for a reader of standard output. */
const CLOSE_MS = 5000;
/** For new objects of the thread that follows connections: a list of tens of thousands of sockets is made of them. */
const YOUNG_MIB = 24;

/**
 * Tells this host's connections until a signal comes.
 * @returns the exit code
 * @throws UsageError, LogError, ProcConnectorError, PrivilegeError, SourceError: one line for the user, when it cannot begin
 */
export async function runConnections(settings: ConnectionsSettings, options: ConnectionsOptions): Promise<number> {
  const user = settings.user === '' ? undefined : userToBecome(settings.user);
  const processes = openProcesses(settings);
  const mayTrace = processes !== undefined && (settings.source === 'auto' || settings.source === 'trace');
  const rights = user === undefined ? undefined : await Rights.reduce(user, settings, mayTrace);
  const asks = new Asks();
  const reader = { isGone: false };
  const output = await openOutput(settings, {
    onClosed: () => {
      reader.isGone = true;
      asks.ask(ASKED.STOP);
    },
    onError: (error) => say(error.message, 'error'),
    onRecovery: () => say('records are written again'),
    onNote: (text) => say(text, 'warn'),
  }).catch((error: unknown) => {
    throw rights?.explain(error) ?? error;
  });
  return new ConnectionsRun(settings, options, { asks, output, reader, processes, rights }).run();
}

/** Without process events the exact source cannot be had; looking works without. */
function openProcesses({ source }: ConnectionsSettings): ProcSocket | undefined {
  if (source === 'poll' && process.geteuid?.() !== 0) return undefined;
  try {
    return openProcSocket(TABLE_EVENTS);
  } catch (error) {
    if (!(error instanceof ProcConnectorError)) throw error;
    if (source === 'trace') throw error;
    say(`${error.message}: processes are looked up in /proc, and those that are gone by then are unknown`, 'warn');
    return undefined;
  }
}

/** What a run works with. */
interface RunParts {
  readonly asks: Asks;
  readonly output: Output;
  /** of standard output */
  readonly reader: { readonly isGone: boolean };
  /** undefined: process events cannot be had */
  readonly processes: ProcSocket | undefined;
  /** what -u left; undefined: all it had */
  readonly rights: Rights | undefined;
}

class ConnectionsRun {
  private readonly asks: Asks;
  private readonly output: Output;
  private isWriting = false;
  /** writes one after the other */
  private written: Promise<void> = Promise.resolve();

  constructor(private readonly settings: ConnectionsSettings, private readonly options: ConnectionsOptions, private readonly parts: RunParts) {
    this.asks = parts.asks;
    this.output = parts.output;
  }

  async run(): Promise<number> {
    const { processes, reader, rights } = this.parts;
    const removeSignals = handleSignals({
      stop: () => this.asks.ask(ASKED.STOP),
      reopen: () => {
        this.written = this.written.then(() => this.output.reopen());
        this.asks.ask(ASKED.RESTART);
      },
      statistics: () => this.asks.ask(ASKED.TOTALS),
    }, this.options.ignoreHangUp);
    let totals: ConnectionTotals | undefined;
    try {
      totals = await this.follow();
    } catch (error) {
      sayError(error);
    } finally {
      if (processes !== undefined) close(processes.fd);
      this.asks.close();
    }
    const left = await rights?.finish();
    if (left !== undefined) say(left, 'warn');
    const isWritten = await this.settled();
    removeSignals();
    flushMessages();
    if (totals !== undefined) this.tellTotals(totals);
    const failed = totals === undefined || reader.isGone || this.output.ledger.linesLost > 0;
    const exit = failed ? EXIT.FAILED : EXIT.OK;
    if (!isWritten) await exitAtOnce(exit); // whoever has to read does not
    await this.output.close();
    return exit;
  }

  private follow(): Promise<ConnectionTotals> {
    const { processes, rights } = this.parts;
    const { source, poll: pollSeconds, format } = this.settings;
    const task: ConnectionTask = {
      source, pollSeconds, selection: selectionOf(this.settings), format, processes,
      capabilities: rights?.capabilities, wakeFd: this.asks.wakeFd, shared: this.asks.shared, hostname: hostname(),
    };
    const worker = new Worker(new URL('../../workers/connections.js', import.meta.url), {
      workerData: task, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const totals = new Promise<ConnectionTotals>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the thread that follows connections ended with ${code}`)));
      worker.on('message', (message: ConnectionMessage) => {
        switch (message.type) {
          case 'ready':
            try {
              this.begun(message);
            } catch (error) {
              reject(error as Error);
              this.asks.ask(ASKED.STOP);
            }
            break;
          case 'lines': this.write(message); break;
          case 'warning': sayLimited(message.text, 'warn'); break;
          case 'totals':
            if (message.isLast) resolve(message.totals);
            else this.tellTotals(message.totals);
        }
      });
    });
    // The thread takes its tracing instance with it.
    return totals.finally(() => ended);
  }

  private write({ lines, count, processLines }: Extract<ConnectionMessage, { type: 'lines' }>): void {
    this.output.ledger.delivered(count);
    this.isWriting = true;
    const mine = this.written.then(() => this.output.write(lines, count, processLines)).then(() => {
      this.asks.settled(lines.length + processLines.length);
      if (this.written === mine) this.isWriting = false;
    });
    this.written = mine;
  }

  /** @returns whether everything is written, as far as it ever will be */
  private async settled(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.written, new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))]);
    clearTimeout(timer);
    return !this.isWriting;
  }

  /** @throws PrivilegeError when root is not given up */
  private begun({ said, warnings }: Extract<ConnectionMessage, { type: 'ready' }>): void {
    const { rights } = this.parts;
    const identity = rights?.settle();
    const unseen = unseenOthers(rights?.capabilities ?? effectiveCapabilities());
    for (const text of unseen === undefined ? warnings : [...warnings, unseen]) say(text, 'warn');
    for (const text of [...rights?.said ?? [], ...said]) say(text);
    if (identity !== undefined) say(identity);
    say(`ready, ${this.settings.format} goes to ${this.output.place}`);
  }

  private tellTotals({ events, known, unknown, omitted, open, lost }: ConnectionTotals): void {
    const { linesWritten, bytesWritten, linesLost } = this.output.ledger;
    say(`${events} events = ${known} with a process + ${unknown} without; ${omitted} left out by options; ${open} connections are open`);
    say(`lost: ${Object.entries(lost).map(([what, count]) => `${count} ${what}`).join(', ')}`);
    say(`${linesWritten} lines and ${bytesWritten} bytes written, ${linesLost} lines not written`);
  }
}

function selectionOf(settings: ConnectionsSettings): ConnectionTask['selection'] {
  const { ipVersion, protocol, omitSelf, omitPrivate, localAddress, remoteAddress, localPort, remotePort } = settings;
  return { ipVersion, protocol, omitSelf, omitPrivate, localAddress, remoteAddress, localPort, remotePort };
}
