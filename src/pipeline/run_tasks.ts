// From the settings to what each thread is told.

import { hostname } from 'node:os';
import type { ReplayFilters } from '../capture/replay_filters.js';
import type { Settings } from '../config/settings.js';
import { headersOfColumns } from '../record/tsv_columns.js';
import type { RunWay } from './shared_run.js';
import type { CaptureTask, LiveTask, OwnerMemory, ParsingOptions, SharedRun } from './tasks.js';

/** Whether lines of several sources have to be put into order of time. */
function isMerging(settings: Settings, interfaces: readonly string[]): boolean {
  return settings.files.length > 1 || interfaces.length > 1 || interfaces.includes('any');
}

/** @param interfaces the interfaces to watch, chosen where none was named; empty on replay */
export function captureTask(settings: Settings, interfaces: readonly string[], shared: SharedRun): CaptureTask {
  if (settings.files.length > 0) return { way: 'replay', files: settings.files, shared };
  return { ...liveTask(settings, interfaces), shared };
}

/** @param interfaces as captureTask() */
export function liveTask(settings: Settings, interfaces: readonly string[]): LiveTask {
  return {
    way: 'live',
    interfaces,
    promiscuous: settings.promiscuous,
    snaplen: settings.snaplen,
    bufferMiB: settings.bufferMiB,
    capture: settings.capture,
    ports: settings.ports,
    tunnels: settings.tunnels,
    filter: settings.filter,
    count: settings.count,
    localGiven: settings.local,
  };
}

/** What parsing needs to know. */
export function parsingOptions(
  settings: Settings, interfaces: readonly string[], shared: SharedRun, filters: ReplayFilters | undefined,
  owners?: OwnerMemory,
): ParsingOptions {
  const merging = isMerging(settings, interfaces);
  return {
    shared,
    format: settings.format,
    fields: settings.fields,
    headers: settings.format === 'tsv' ? headersOfColumns(settings.fields) : settings.headers,
    addCommunityId: settings.addCommunityId,
    // Who watched when a file was made is not known.
    hostname: settings.files.length > 0 ? '' : hostname(),
    utc: settings.utc,
    addVlan: settings.addVlan,
    addInterface: merging && interfaces.length > 0,
    // Standard output is one file: its lines stay in capture order.
    split: settings.split && settings.directory !== '-',
    rotation: settings.rotation,
    merging,
    ports: settings.filter === '' || settings.portsGiven ? settings.ports : undefined,
    tunnels: settings.tunnels,
    owners,
    policy: {
      include: settings.include,
      exclude: settings.exclude,
      sample: settings.sample,
      anonymize: settings.anonymize,
      redact: settings.redact,
    },
    // Live, the capture thread counts what the kernel's filter let through.
    limit: settings.files.length > 0 ? settings.count : -1,
    filters,
    live: settings.files.length === 0,
    mapped: settings.files.length === 0 && settings.capture !== 'libpcap',
    cpuProfile: settings.cpuProfile,
  };
}

/**
 * Which threads a run takes. One parser needs no thread of its own beside the one that captures; for files, main does it all, be it that
 * -c has to count in capture order.
 */
export function runWay(settings: Settings): RunWay {
  if (settings.files.length === 0) return settings.workers === 1 ? 'liveThread' : 'live';
  return settings.workers === 1 || settings.count >= 0 ? 'inline' : 'replay';
}
