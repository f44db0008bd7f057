// -u: httplog connections becomes another user (docs/decisions/privileges.md). Sources are opened as that user with the capabilities that
// takes, files without any; then the thread that follows connections keeps what looking into processes takes, and nobody else anything.

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConnectionsSettings } from '../config/connections_settings.js';
import { CAPABILITY, capabilityNames, maskOf, useCapabilities } from '../host/capabilities.js';
import { giveUpRest } from '../host/privileges.js';
import { findTrace } from '../host/socket_trace.js';
import { TraceJanitor } from '../host/trace_janitor.js';
import { TraceError, unmountTracefs } from '../host/tracefs.js';
import type { User } from '../host/users.js';
import { LogError } from '../log/log_error.js';
import { makeLogDirectory } from '../log/log_directory.js';
import { identityOf, reduceTo } from '../pipeline/become_user.js';

/** To list descriptors of other users' processes (the first), to read where they lead, and exe, cwd and namespaces (ptrace(2)). */
const FOLLOWING = maskOf(CAPABILITY.DAC_READ_SEARCH, CAPABILITY.SYS_PTRACE);
/** Beside those: large receive buffers, frames, a tracing instance in directories of root's, to come before others. */
const OPENING = FOLLOWING | maskOf(CAPABILITY.NET_ADMIN, CAPABILITY.NET_RAW, CAPABILITY.DAC_OVERRIDE, CAPABILITY.SYS_NICE);

/** What the thread loads; looked up while it certainly can be read. */
const PROGRAM = [new URL('../../workers/connections.js', import.meta.url).href, import.meta.resolve('koffi')].map((url) => fileURLToPath(url));

/** What is missing to know the processes of other users. @param held a bit mask @returns in words; undefined: nothing */
export function unseenOthers(held: bigint): string | undefined {
  // What lets root past the permissions of any file does as well.
  const passes = (held & maskOf(CAPABILITY.DAC_OVERRIDE)) === 0n ? 0n : maskOf(CAPABILITY.DAC_READ_SEARCH);
  const missing = FOLLOWING & ~(held | passes);
  return missing === 0n ? undefined : `processes of other users are unknown: seeing them takes ${capabilityNames(missing)}, which root has`;
}

export class Rights {
  /** what the thread has to keep, a bit mask of capabilities */
  readonly capabilities: bigint;

  private constructor(private readonly user: User, kept: bigint, private readonly janitor: TraceJanitor | undefined, readonly said: readonly string[]) {
    this.capabilities = kept & FOLLOWING;
  }

  /**
   * Becomes the user. Threads started next hold what opening sources takes; this one uses none of it.
   * @param mayTrace the source may become the trace
   * @throws PrivilegeError, LogError: one line for the user
   */
  static async reduce(user: User, settings: ConnectionsSettings, mayTrace: boolean): Promise<Rights> {
    for (const directory of directoriesOf(settings)) {
      if (!existsSync(directory)) await makeLogDirectory(directory, user).catch((error: unknown) => fallBack(settings, error));
    }
    const said: string[] = [];
    const janitor = mayTrace ? await startJanitor(said) : undefined;
    const kept = await reduceTo(user, OPENING, PROGRAM);
    useCapabilities(0n);
    return new Rights(user, kept, janitor, said);
  }

  /**
   * The sources are open: what they took goes.
   * @returns who the run is now, for the user
   * @throws PrivilegeError when the kernel does not confirm it
   */
  settle(): string {
    giveUpRest(this.user, this.capabilities);
    return identityOf(this.user, this.capabilities);
  }

  /** A file's error, for whoever did not think of the user. */
  explain(error: unknown): unknown {
    return error instanceof LogError ? new LogError(`${error.message} (as user ${this.user.name}, -u)`, { cause: error }) : error;
  }

  /** The thread has ended. @returns what is left behind, in words; undefined: nothing */
  async finish(): Promise<string | undefined> {
    return this.janitor === undefined || (await this.janitor.finish()) ? undefined : 'the tracing instance could not be removed: the next httplog connections, or httplog with -proc, will';
  }
}

/** Of a pair that can fall back on another directory the user will hear when it does. */
function fallBack({ fallbackDirectory }: ConnectionsSettings, error: unknown): void {
  if (fallbackDirectory === '') throw error;
}

function directoriesOf({ format, file, connectionsLog, processesLog }: ConnectionsSettings): string[] {
  const files = format === 'lognet' ? [connectionsLog, processesLog] : [file];
  return files.filter((name) => name !== '').map((name) => dirname(resolve(name)));
}

/** Without tracing there is nothing to remove; why there is none the source will say. */
async function startJanitor(said: string[]): Promise<TraceJanitor | undefined> {
  let trace: ReturnType<typeof findTrace>;
  try {
    trace = findTrace();
  } catch (error) {
    if (error instanceof TraceError) return undefined;
    throw error;
  }
  const { root, mounted } = trace;
  try {
    const janitor = await TraceJanitor.start(root, mounted);
    if (mounted) said.push(`tracefs mounted at ${root}`);
    return janitor;
  } catch (error) {
    if (mounted) unmountTracefs(root);
    throw error;
  }
}
