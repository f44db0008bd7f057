// The httplog command: from the command line to an exit code (SPEC sections 3 and 6).

import { loadSettings, type LoadedSettings } from '../config/load.js';
import { thisProcess } from '../config/surroundings.js';
import { UsageError } from '../config/usage_error.js';
import { exitAtOnce } from '../host/exit.js';
import { EXIT } from '../pipeline/exit_code.js';
import { configureMessages, lastWords, sayError, sayFailure } from '../pipeline/say.js';

const HINT = 'httplog -h lists the options';
const PROCESSES_HINT = 'httplog processes -h lists the options';
const CONNECTIONS_HINT = 'httplog connections -h lists the options';
const HINTS: Readonly<Record<string, string>> = { processes: PROCESSES_HINT, connections: CONNECTIONS_HINT };

/**
 * Does what the command line says.
 * @param argv without the program's name
 * @returns the exit code
 */
export async function command(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] === 'completion') return await print((await import('./completion.js')).renderCompletion(argv.slice(1)));
    if (argv[0] === 'processes') return await processes(argv.slice(1));
    if (argv[0] === 'connections') return await connections(argv.slice(1));
    const loaded = loadSettings(argv, thisProcess());
    switch (loaded.action) {
      case 'help': return await print((await import('../config/help.js')).renderHelp(process.stdout.columns));
      case 'version': return await print(`httplog ${(await import('../config/version.js')).version()}\n`);
      case 'list': return await print((await import('./interface_list.js')).renderInterfaces());
      case 'check': return await print((await import('../config/effective.js')).renderEffective(loaded));
      case 'run': return await runLoaded(loaded);
    }
  } catch (error) {
    return explain(error, HINTS[argv[0]] ?? HINT);
  }
}

async function processes(argv: readonly string[]): Promise<number> {
  const settings = (await import('../config/load_processes.js')).loadProcesses(argv, PROCESSES_HINT);
  if (settings === undefined) return print((await import('../config/processes_help.js')).renderProcessesHelp(process.stdout.columns));
  configureMessages(settings.logLevel, true);
  const { runProcesses } = await import('../processes/run.js');
  return runProcesses(settings, { ignoreHangUp: process.env['_HTTPLOG_NOHUP'] === '1' });
}

async function connections(argv: readonly string[]): Promise<number> {
  const settings = (await import('../config/load_connections.js')).loadConnections(argv, CONNECTIONS_HINT);
  if (settings === undefined) return print((await import('../config/connections_help.js')).renderConnectionsHelp(process.stdout.columns));
  configureMessages(settings.logLevel, true);
  const { runConnections } = await import('../connections/run.js');
  return runConnections(settings, { ignoreHangUp: process.env['_HTTPLOG_NOHUP'] === '1' });
}

async function runLoaded({ settings, origins }: LoadedSettings): Promise<number> {
  configureMessages(settings.logLevel, settings.files.length === 0);
  const { run } = await import('../pipeline/run.js');
  const running = run(settings, {
    ignoreHangUp: process.env['_HTTPLOG_NOHUP'] === '1',
    // Statistics every so many packets are debugging, unless they are asked for.
    statisticsLevel: origins.logEvery === 'default' ? 'debug' : 'info',
  });
  if (settings.files.length > 0) return running; // its totals may wait behind records that somebody reads page by page
  const exit = await running.catch((error: unknown) => explain(error, HINT));
  return (await lastWords()) ? exit : exitAtOnce(exit);
}

/** Writes to standard output; a reader who leaves early (`| head`) has what he wanted. */
async function print(text: string): Promise<number> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve(EXIT.OK));
    process.stdout.write(text, () => resolve(EXIT.OK));
  });
}

/** Says what went wrong in one line. @returns the exit code */
function explain(error: unknown, hint: string): number {
  if (error instanceof UsageError) {
    // Some messages say so themselves, in place of a better hint.
    sayFailure(error.message.endsWith(hint) ? error.message : `${error.message} (${hint})`);
    return EXIT.USAGE;
  }
  sayError(error);
  return EXIT.FAILED;
}
