// httplog connections from start to exit code: opens the output, starts the thread that follows connections, writes its lines.

import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ConnectionsSettings } from '../config/connections_settings.js';
import { exitAtOnce } from '../host/exit.js';
import { close } from '../host/libc.js';
import { ProcConnectorError, openProcSocket, type ProcSocket } from '../host/proc_connector.js';
import { TABLE_EVENTS } from '../host/process_watch.js';
import { EXIT } from '../pipeline/exit_code.js';
import { flushMessages, say, sayError, sayLimited } from '../pipeline/say.js';
import { handleSignals } from '../pipeline/signals.js';
import { Asks } from './asks.js';
import { openOutput, type Output } from './output.js';
import { ASKED, type ConnectionMessage, type ConnectionTask, type ConnectionTotals } from './tasks.js';

export interface ConnectionsOptions {
  /** started under nohup: a terminal that hangs up does not end the run */
  readonly ignoreHangUp: boolean;
}

/** How long the end waits for a reader of standard output. */
const CLOSE_MS = 5000;

/**
 * Tells this host's connections until a signal comes.
 * @returns the exit code
 * @throws LogError, ProcConnectorError, SourceError: one line for the user, when it cannot begin
 */
export async function runConnections(settings: ConnectionsSettings, options: ConnectionsOptions): Promise<number> {
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
  });
  return new ConnectionsRun(settings, options, asks, output, reader).run();
}

class ConnectionsRun {
  private isWriting = false;
  /** writes one after the other */
  private written: Promise<void> = Promise.resolve();

  /** @param reader of standard output */
  constructor(
    private readonly settings: ConnectionsSettings, private readonly options: ConnectionsOptions,
    private readonly asks: Asks, private readonly output: Output, private readonly reader: { readonly isGone: boolean },
  ) {}

  async run(): Promise<number> {
    const socket = this.openProcesses();
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
      totals = await this.follow(socket);
    } catch (error) {
      sayError(error);
    } finally {
      if (socket !== undefined) close(socket.fd);
      this.asks.close();
    }
    const isWritten = await this.settled();
    removeSignals();
    flushMessages();
    if (totals !== undefined) this.tellTotals(totals);
    const failed = totals === undefined || this.reader.isGone || this.output.ledger.linesLost > 0;
    const exit = failed ? EXIT.FAILED : EXIT.OK;
    if (!isWritten) await exitAtOnce(exit); // whoever has to read does not
    await this.output.close();
    return exit;
  }

  /** Without process events the exact source cannot be had; looking works without. */
  private openProcesses(): ProcSocket | undefined {
    if (this.settings.source === 'poll' && process.geteuid?.() !== 0) return undefined;
    try {
      return openProcSocket(TABLE_EVENTS);
    } catch (error) {
      if (!(error instanceof ProcConnectorError)) throw error;
      if (this.settings.source === 'trace') throw error;
      say(`${error.message}: processes are looked up in /proc, and those that are gone by then are unknown`, 'warn');
      return undefined;
    }
  }

  private follow(processes: ProcSocket | undefined): Promise<ConnectionTotals> {
    const { source, poll: pollSeconds, format } = this.settings;
    const task: ConnectionTask = {
      source, pollSeconds, selection: selectionOf(this.settings), format, processes, wakeFd: this.asks.wakeFd, shared: this.asks.shared, hostname: hostname(),
    };
    const worker = new Worker(new URL('../../workers/connections.js', import.meta.url), { workerData: task });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const totals = new Promise<ConnectionTotals>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the thread that follows connections ended with ${code}`)));
      worker.on('message', (message: ConnectionMessage) => {
        switch (message.type) {
          case 'ready': this.sayReady(message); break;
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

  private sayReady({ said, warnings }: Extract<ConnectionMessage, { type: 'ready' }>): void {
    for (const text of warnings) say(text, 'warn');
    for (const text of said) say(text);
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
