// What happens to a daemon in a year. Every fault is made, mended, and then it has to show that records are written again.

import { appendFileSync, chmodSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../support/command.js';
import { type Link, removeLink, restoreLink } from '../support/netns.js';
import type { SeededRandom } from '../support/random.js';
import type { BoundedFiles } from './bounded_files.js';
import type { RecordFiles } from './record_files.js';
import type { Watched } from './watched.js';

/** What faults are made with. */
export interface Scene {
  /** writes into files: of both links */
  readonly filing: Watched;
  /** writes to a pipe: of the first link */
  readonly piping: Watched;
  /** writes into files that it keeps in bounds */
  readonly bounding: Watched;
  readonly files: RecordFiles;
  readonly bounded: BoundedFiles;
  /** the small file system with the log directory in it */
  readonly disk: string;
  readonly directory: string;
  /** carries no load that counts: its interface may come and go */
  readonly spare: Link;
  readonly random: SeededRandom;
}

export interface Fault {
  readonly name: string;
  /** Makes it and mends it. */
  happen(scene: Scene): Promise<void>;
}

const LOST_LONG_MS = 500;

export const FAULTS: readonly Fault[] = [
  {
    name: 'disk full',
    async happen({ disk, filing }) {
      const filler = join(disk, 'filler');
      try {
        const { linesLost } = await filing.totals();
        await filing.reaches('lines lost to the full disk', (report) => {
          fillUp(disk, filler); // what httplog gives back is taken again
          return report.linesLost > linesLost;
        });
      } finally {
        rmSync(filler, { force: true });
      }
    },
  },
  {
    name: 'log directory read-only at rotation',
    async happen({ directory, filing, files }) {
      const { linesLost } = await filing.totals();
      chmodSync(directory, 0o555);
      try {
        await files.rotate(filing); // files that are there would be written all the same
        await filing.reaches('lines lost to the directory', (report) => report.linesLost > linesLost);
      } finally {
        chmodSync(directory, 0o750);
      }
    },
  },
  {
    name: 'interface down and up',
    async happen({ spare: { hub, leaf } }) {
      command(['ip', '-n', hub.namespace, 'link', 'set', hub.device, 'down']);
      await sleep(LOST_LONG_MS);
      command(['ip', '-n', hub.namespace, 'link', 'set', hub.device, 'up']);
      // Its IPv6 address went with it; nobody needs that.
      command(['ip', '-n', leaf.namespace, 'link', 'set', leaf.device, 'up']);
    },
  },
  {
    name: 'interface deleted and made again',
    async happen({ spare }) {
      removeLink(spare);
      await sleep(LOST_LONG_MS);
      restoreLink(spare);
    },
  },
  {
    name: 'SIGHUP, many',
    async happen({ filing, bounding, random }) {
      for (let times = 2 + random.below(20); times > 0; times--) {
        for (const httplog of [filing, bounding]) httplog.signal('SIGHUP');
        await sleep(random.below(20));
      }
    },
  },
  {
    name: 'SIGUSR1 and SIGUSR2, many',
    async happen({ filing, piping, random }) {
      for (let times = 2 + random.below(20); times > 0; times--) {
        for (const httplog of [filing, piping]) httplog.signal(random.below(2) === 0 ? 'SIGUSR1' : 'SIGUSR2');
        await sleep(random.below(20));
      }
    },
  },
  {
    name: 'SIGSTOP and SIGCONT',
    async happen({ filing, piping, bounding, random }) {
      const stopped = [filing, piping, bounding][random.below(3)];
      stopped.signal('SIGSTOP');
      await sleep(1000 + random.below(2000));
      stopped.signal('SIGCONT');
    },
  },
  {
    name: 'slow reader of standard output',
    async happen({ piping, random }) {
      piping.reading = false;
      await sleep(1000 + random.below(3000));
      piping.reading = true;
    },
  },
];

/** Appends to a file until there is no room. */
function fillUp(disk: string, file: string): void {
  const { bavail, bsize } = statfsSync(disk);
  try {
    appendFileSync(file, new Uint8Array(bavail * bsize));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error; // httplog took some of it meanwhile
  }
}
