// httplog processes --connect: prints the events of a server for as long as anybody wants to read them.

import type { ProcessesSettings } from '../../config/processes_settings.js';
import { formatTarget } from '../../config/processes_table.js';
import { exitAtOnce } from '../../host/exit.js';
import { EXIT } from '../../pipeline/exit_code.js';
import { flushMessages, lastWords, say, sayError, sayFailure, sayLimited } from '../../pipeline/say.js';
import { readPassword } from '../password.js';
import { Backoff } from './backoff.js';
import { LineOutput } from './output.js';
import type { Look } from './pretty.js';
import { runSession } from './session.js';

const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

type ClientSettings = Pick<ProcessesSettings, 'connect' | 'pretty' | 'tlsCa' | 'auth' | 'authFile'>;

/**
 * Connects, prints, connects again; ends on SIGINT and SIGTERM, when nobody reads standard output any more, and when the server will
 * never let it in.
 * @returns the exit code
 * @throws UsageError without a password where one is needed
 */
export async function runClient(settings: ClientSettings & { readonly connect: NonNullable<ProcessesSettings['connect']> }): Promise<number> {
  const { connect: target } = settings;
  const name = formatTarget(target);
  const password = 'host' in target ? passwordOf(settings, process.env) : undefined;
  if ('host' in target && !target.tls && !LOOPBACK.test(target.host)) {
    say(`${name}: password and events cross the network in the clear; tls:HOST:PORT where the server has it, or a tunnel`, 'warn');
  }
  const abort = new AbortController();
  const end = (): void => abort.abort();
  const ended = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve(), { once: true }));
  process.once('SIGINT', end).once('SIGTERM', end);
  let exit: number = EXIT.OK;
  const output = new LineOutput({
    look: settings.pretty ?? process.stdout.isTTY ? look : undefined,
    onClosed: end,
    onError: (error) => {
      sayError(error);
      exit = EXIT.FAILED;
      end();
    },
  });
  const backoff = new Backoff();
  while (!abort.signal.aborted) {
    let openedMs: number | undefined;
    const { outcome, reason } = await runSession({
      target, password, tlsCa: settings.tlsCa, signal: abort.signal,
      onLines: (lines) => Promise.race([output.write(lines), ended]),
      onOpen: () => {
        openedMs = performance.now();
        say(`${name}: connected`);
      },
    });
    if (abort.signal.aborted) break;
    if (outcome === 'refused') {
      sayFailure(`${name}: ${reason}`);
      exit = EXIT.FAILED;
      break;
    }
    const delayMs = backoff.delayMs(openedMs === undefined ? 0 : performance.now() - openedMs);
    sayLimited(`${name}: ${reason}; next try in ${(delayMs / 1000).toFixed(1)} s`, 'warn');
    await pause(delayMs, ended);
  }
  process.off('SIGINT', end).off('SIGTERM', end);
  flushMessages();
  await lastWords();
  if (output.isWriting) await exitAtOnce(exit); // whoever has to read does not
  return exit;
}

function passwordOf(settings: ClientSettings, environment: NodeJS.ProcessEnv): Buffer {
  const { password, warning } = readPassword(settings, environment);
  if (warning !== undefined) say(warning, 'warn');
  return password;
}

/** https://no-color.org: any value that is not empty. */
function look(): Look {
  const { isTTY, columns } = process.stdout;
  return { colour: isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb', columns: isTTY ? columns : undefined };
}

async function pause(ms: number, ended: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([ended, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
