// A run: capture or replay from start to exit code.

import { compileReplayFilters, type ReplayFilters } from '../capture/replay_filters.js';
import { FilterSyntaxError } from '../capture/source.js';
import type { Settings } from '../config/settings.js';
import { UsageError } from '../config/usage_error.js';
import { LocalTableWriter } from '../ring/local_table.js';
import { makeProfileFile } from './cpu_profile.js';
import type { Engine } from './engine.js';
import { chooseInterfaces } from './interfaces.js';
import type { OwnerThread, OwnerTrace } from './owner_thread.js';
import { Run, type RunOptions } from './run_stages.js';
import { captureTask, liveTask, parsingOptions, runWay } from './run_tasks.js';
import { allocateSharedRun, type RunWay } from './shared_run.js';
import type { OwnerMemory, ParsingOptions } from './tasks.js';

/** Nothing that a run writes is for everybody, whatever its mode says. */
const PRIVATE_UMASK = 0o027;

/**
 * Captures or replays as the settings say, until the files end or a signal comes.
 * @returns the exit code
 * @throws LogError, SourceError, PrivilegeError, UsageError: one line for the user, when it cannot begin
 */
export async function run(settings: Settings, options: RunOptions): Promise<number> {
  const live = settings.files.length === 0;
  process.umask(process.umask() | PRIVATE_UMASK);
  const trace = settings.proc ? (await import('./owner_thread.js')).openOwnerTrace() : undefined;
  const identity = settings.user === '' ? undefined : await (await import('./become_user.js')).becomeUser(settings);
  if (settings.cpuProfile !== '') makeProfileFile(settings.cpuProfile);
  const interfaces = live ? await chooseInterfaces(settings.interfaces) : [];
  const filters = live ? undefined : await replayFilters(settings);
  const way = runWay(settings);
  const shared = allocateSharedRun(way, settings.workers);
  if (!live && settings.local !== undefined) new LocalTableWriter(shared.local).replace(settings.local);
  const owners = trace === undefined ? undefined : await startOwners(settings, trace);
  const parsing = parsingOptions(settings, interfaces, shared, filters, owners?.memory);
  try {
    return await new Run({
      settings,
      options,
      shared,
      identity,
      owners: owners?.thread,
      merging: parsing.merging,
      countsAll: parsing.ports === undefined,
      engine: await makeEngine(way, settings, interfaces, parsing),
    }).run();
  } finally {
    await owners?.thread.close();
  }
}

/** -proc: what is there already is known before the first frame. @throws PrivilegeError */
async function startOwners({ workers, filter, portsGiven, ports }: Settings, trace: OwnerTrace): Promise<{ memory: OwnerMemory; thread: OwnerThread }> {
  const { OwnerThread, makeOwnerMemory } = await import('./owner_thread.js');
  const memory = makeOwnerMemory(workers);
  const thread = new OwnerThread(memory, filter === '' || portsGiven ? ports : undefined, trace);
  await thread.ready;
  return { memory, thread };
}

/** Each engine is loaded only when taken. */
async function makeEngine(
  way: RunWay, settings: Settings, interfaces: readonly string[], parsing: ParsingOptions,
): Promise<Engine> {
  if (way === 'inline') return new (await import('./inline_engine.js')).InlineEngine(settings.files, parsing);
  if (way === 'liveThread') return new (await import('./live_engine.js')).LiveEngine(liveTask(settings, interfaces), parsing);
  return new (await import('./threaded_engine.js')).ThreadedEngine(captureTask(settings, interfaces, parsing.shared), settings.workers, parsing);
}

/** @throws UsageError for an expression that fits no link type, in libpcap's words */
async function replayFilters({ filter }: Settings): Promise<ReplayFilters | undefined> {
  if (filter === '') return undefined;
  try {
    return await compileReplayFilters(filter);
  } catch (error) {
    // That libpcap is missing is another matter.
    throw error instanceof FilterSyntaxError ? new UsageError(error.message) : error;
  }
}
