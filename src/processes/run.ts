// httplog processes from start to exit code: opens the ways out, starts the thread that hears the kernel, ends them in order.

import type { ProcessesSettings } from '../config/processes_settings.js';
import { UsageError } from '../config/usage_error.js';

export interface ProcessesOptions {
  /** started under nohup: a terminal that hangs up does not end the run */
  readonly ignoreHangUp: boolean;
}

/**
 * Serves this host's process events, or prints those of another server, until a signal comes.
 * @returns the exit code
 */
export async function runProcesses(settings: ProcessesSettings, options: ProcessesOptions): Promise<number> {
  const { connect } = settings;
  if (connect !== undefined) return (await import('./client/run_client.js')).runClient({ ...settings, connect });
  throw new UsageError(`httplog processes: not there yet (${String(settings.direct)}, ${String(options.ignoreHangUp)})`);
}
