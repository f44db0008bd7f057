// Signals of a run (SPEC section 5).

import { closeSync, openSync } from 'node:fs';

export interface SignalActions {
  /** SIGTERM, SIGINT, or SIGHUP of a terminal that hung up: write what was captured and end */
  stop(signal: NodeJS.Signals): void;
  /** SIGHUP */
  reopen(): void;
  /** SIGUSR2 */
  statistics(): void;
}

/**
 * Installs the handlers. A second SIGTERM or SIGINT ends the process at once, as if there were no handler.
 * @param ignoreHangUp started under nohup: a terminal that hangs up does not end the run
 * @returns removes them again
 */
export function handleSignals(actions: SignalActions, ignoreHangUp: boolean): () => void {
  const fromTerminal = !ignoreHangUp && hasTerminal();
  const handlers: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGTERM: () => stopOnce('SIGTERM'),
    SIGINT: () => stopOnce('SIGINT'),
    SIGHUP: () => {
      if (fromTerminal && !hasTerminal()) actions.stop('SIGHUP');
      else actions.reopen();
    },
    SIGUSR2: () => actions.statistics(),
  };
  let stopping = false;
  const stopOnce = (signal: NodeJS.Signals): void => {
    if (stopping) dieOf(signal);
    stopping = true;
    actions.stop(signal);
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  };
}

/**
 * For the time before a run has its handlers: SIGHUP (a service manager's reload) and SIGUSR2 would end the process by default,
 * and there is nothing yet to reopen or to tell. A terminal that hangs up still ends it.
 */
export function tolerateSignals(ignoreHangUp: boolean): void {
  const fromTerminal = !ignoreHangUp && hasTerminal();
  process.on('SIGHUP', () => {
    const isOurs = process.listenerCount('SIGHUP') === 1;
    if (isOurs && fromTerminal && !hasTerminal()) dieOf('SIGHUP');
  });
  process.on('SIGUSR2', () => undefined);
}

/** Ends the process by the signal's default action: at once, whatever a thread is blocked in, with the status the shell expects. */
function dieOf(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Whether this process has a controlling terminal; after a hang-up it has none any more. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
