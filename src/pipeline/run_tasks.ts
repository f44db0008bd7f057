// From the settings to what each thread is told.

import type { ReplayFilters } from '../capture/replay_filters.js';
import type { Settings } from '../config/settings.js';
import type { CaptureTask, ParseTask, SharedRun } from './tasks.js';

/** Whether lines of several sources have to be put into order of time. */
export function isMerging(settings: Settings, interfaces: readonly string[]): boolean {
  return settings.files.length > 1 || interfaces.length > 1 || interfaces.includes('any');
}

/** @param interfaces the interfaces to watch, chosen where none was named; empty on replay */
export function captureTask(settings: Settings, interfaces: readonly string[], shared: SharedRun): CaptureTask {
  if (settings.files.length > 0) return { way: 'replay', files: settings.files, shared };
  return {
    way: 'live',
    shared,
    interfaces,
    promiscuous: settings.promiscuous,
    snaplen: settings.snaplen,
    bufferMiB: settings.bufferMiB,
    ports: settings.ports,
    portsGiven: settings.portsGiven,
    filter: settings.filter,
    count: settings.count,
    localGiven: settings.local,
  };
}

/** What every parsing worker is told, and how many there are. */
export function parseTask(
  settings: Settings, interfaces: readonly string[], shared: SharedRun, filters: ReplayFilters | undefined,
): { workers: number; task: Omit<ParseTask, 'blocks' | 'firstBlock' | 'port'> } {
  // Live, the capture thread counts what the kernel's filter let through; on replay one worker counts in capture order.
  const limit = settings.files.length > 0 ? settings.count : -1;
  return {
    workers: limit < 0 ? settings.workers : 1,
    task: {
      shared,
      format: settings.format,
      utc: settings.utc,
      addVlan: settings.addVlan,
      addInterface: isMerging(settings, interfaces) && interfaces.length > 0,
      // Standard output is one file: its lines stay in capture order.
      split: settings.split && settings.directory !== '-',
      merging: isMerging(settings, interfaces),
      ports: settings.filter === '' || settings.portsGiven ? settings.ports : undefined,
      limit,
      filters,
      cpuProfile: settings.cpuProfile,
    },
  };
}
