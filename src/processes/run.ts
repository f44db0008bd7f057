// httplog processes from start to exit code: opens the ways out, starts the thread that hears the kernel, ends them in order.

import { fileURLToPath } from 'node:url';
import type { ProcessesSettings } from '../config/processes_settings.js';
import { CAPABILITY, maskOf } from '../host/capabilities.js';
import { exitAtOnce } from '../host/exit.js';
import { keepOnly, userToBecome } from '../pipeline/become_user.js';
import { EXIT } from '../pipeline/exit_code.js';
import { flushMessages, lastWords, say, sayError, sayLimited } from '../pipeline/say.js';
import { handleSignals } from '../pipeline/signals.js';
import { DirectOutput } from './direct_output.js';
import type { EventSink } from './event_sink.js';
import { EventSource } from './event_source.js';
import { openServers } from './open_servers.js';
import type { EventServers } from './servers.js';
import type { EventTotals } from './tasks.js';

export interface ProcessesOptions {
  /** started under nohup: a terminal that hangs up does not end the run */
  readonly ignoreHangUp: boolean;
}

/** What the event thread loads; looked up while it certainly can be read. */
const PROGRAM = [new URL('../../workers/processes.js', import.meta.url).href, import.meta.resolve('koffi')].map((url) => fileURLToPath(url));

/**
 * Serves this host's process events, or prints those of another server, until a signal comes.
 * @returns the exit code
 * @throws UsageError, ProcConnectorError, EndpointError, LogError, PrivilegeError: one line for the user, when it cannot begin
 */
export async function runProcesses(settings: ProcessesSettings, options: ProcessesOptions): Promise<number> {
  const { connect } = settings;
  if (connect !== undefined) return (await import('./client/run_client.js')).runClient({ ...settings, connect });
  const owner = settings.user === '' ? undefined : userToBecome(settings.user);
  const source = new EventSource(settings);
  let run: ProcessesRun | undefined;
  // Before there is a socket that could be left behind; what stops the source now ends the run as soon as it begins.
  const removeSignals = handleSignals({
    stop: () => source.stop(),
    reopen: () => run?.reload(),
    statistics: () => run?.tellClients(),
  }, options.ignoreHangUp);
  try {
    const servers = await openServers(settings, owner);
    try {
      if (owner !== undefined) say(await keepOnly(owner, maskOf(CAPABILITY.SYS_PTRACE), PROGRAM));
      run = new ProcessesRun(settings, source, servers);
      return await run.run();
    } catch (error) {
      await servers?.close();
      throw error;
    }
  } finally {
    removeSignals();
  }
}

class ProcessesRun {
  private readonly direct: DirectOutput | undefined;
  private readonly sinks: readonly EventSink[];
  private outputClosed = false;
  private outputFailed = false;
  /** lost so far, by what was told */
  private lost = 0;

  constructor(
    settings: ProcessesSettings, private readonly source: EventSource, private readonly servers: EventServers | undefined,
  ) {
    this.direct = settings.direct ? this.openDirect() : undefined;
    this.sinks = [this.direct, servers].filter((sink) => sink !== undefined);
  }

  private openDirect(): DirectOutput {
    return new DirectOutput({
      onClosed: () => {
        this.outputClosed = true;
        say('standard output was closed by its reader: httplog ends', 'warn');
        this.source.stop();
      },
      onError: (error) => {
        this.outputFailed = true;
        say(error.message, 'error');
      },
      onRecovery: () => say('events are written again'),
    });
  }

  async run(): Promise<number> {
    let totals: EventTotals | undefined;
    try {
      totals = await this.source.run({
        ready: (processes) => this.sayReady(processes),
        batch: (lines, events) => this.sinks.forEach((sink) => sink.publish(lines, events)),
        lost: (count) => this.takeLost(count),
      });
    } catch (error) {
      sayError(error);
    }
    await Promise.all(this.sinks.map((sink) => sink.close()));
    flushMessages();
    if (totals !== undefined) this.tellTotals(totals);
    const failed = totals === undefined || this.outputClosed || this.outputFailed;
    const exit = failed ? EXIT.FAILED : EXIT.OK;
    await lastWords();
    if (this.direct?.isWriting === true) await exitAtOnce(exit); // whoever has to read does not
    return exit;
  }

  private sayReady(processes: number): void {
    const { bufferBytes } = this.source;
    say(`process events through the proc connector, buffer ${bufferBytes} bytes; ${processes} processes are there`);
    const places = [...(this.direct === undefined ? [] : ['standard output']), ...(this.servers?.addresses ?? [])];
    say(`ready, events go to ${places.join(', ')}`);
  }

  private takeLost(count: number): void {
    this.lost += count;
    for (const sink of this.sinks) sink.lost(count);
    sayLimited(`${count} events were lost: more came than could be read`, 'warn');
  }

  /** Takes up what may have been renewed. */
  reload(): void {
    this.servers?.reload();
  }

  /** Says who listens, and what was lost so far. */
  tellClients(): void {
    if (this.servers !== undefined) say(`${this.servers.clients} clients; ${this.servers.eventsLost} events lost by slow ones`);
    if (this.direct !== undefined) say(`${this.direct.ledger.linesWritten} lines written, ${this.direct.eventsLost} events lost by a slow reader`);
    say(`${this.lost} events lost before that`);
  }

  private tellTotals({ events, threads, lost, dropped, strange, overflow }: EventTotals): void {
    const names = Object.entries(events).map(([name, count]) => `${count} ${name}`);
    say(`events: ${names.length === 0 ? 'none' : names.join(', ')}; ${threads} of threads left out`);
    say(`lost: ${lost} by the kernel, ${dropped} between threads`);
    if (strange > 0) say(`${strange} messages that were no events of the kernel`, 'warn');
    if (overflow > 0) say(`${overflow} processes found no room in the table`, 'warn');
    this.tellSinks();
  }

  private tellSinks(): void {
    if (this.direct !== undefined) {
      const { linesWritten, bytesWritten, linesLost } = this.direct.ledger;
      say(`standard output: ${linesWritten} lines and ${bytesWritten} bytes written, ${this.direct.eventsLost} events lost by a slow reader, ${linesLost} lines not written`);
    }
    if (this.servers !== undefined) say(`clients: ${this.servers.eventsLost} events lost by slow ones`);
  }
}
