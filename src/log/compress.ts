// -compress: NAME becomes NAME.gz. A thread makes it under a hidden name; here it gets its own name, and only then the original goes.
// A crash leaves the original, beside it an unfinished file (removed at the next start) or the finished one (recognised).

import type { Worker } from 'node:worker_threads';
import type { CompressAnswer, CompressTask } from './compress_task.js';
import { isUnfinishedName, unfinishedName } from './file_names.js';
import type { FilesInUse } from './files_in_use.js';
import { LogError } from './log_error.js';
import { type EntryStatus, OpenDirectory } from './open_directory.js';
import { compressedName } from './retention.js';

/** A .gz has the time of its original, as exactly as times can be set; a file that was written to later has not. */
const SAME_TIME_MS = 1;
const HEAP_MIB = 32;

export class Compressor {
  private worker: Worker | undefined;
  private stopped = false;

  constructor(private readonly path: string, private readonly inUse: FilesInUse) {}

  /**
   * Compresses a file that nothing is written to any more. Where there is a .gz of it already (its lines came late) it goes behind that.
   * @returns false when the file went, changed meanwhile or is in use: nothing has changed then
   * @throws LogError, or what the system says
   */
  async compress(name: string): Promise<boolean> {
    const directory = await OpenDirectory.open(this.path);
    try {
      const [original, earlier] = [await directory.status(name), await directory.status(compressedName(name))];
      if (original?.isFile !== true) return false;
      if (earlier?.isFile === false) throw new LogError(`cannot compress ${name}: ${compressedName(name)} is not a regular file; move it away`);
      if (earlier !== undefined && Math.abs(earlier.mtimeMs - original.mtimeMs) <= SAME_TIME_MS) {
        return (await this.inUse.claim(name, () => directory.remove(name))) === true;
      }
      return await this.replace(directory, name, earlier !== undefined);
    } finally {
      await directory.close();
    }
  }

  /** Ends what is being compressed, leaving nothing of it. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.worker?.terminate();
  }

  private async replace(directory: OpenDirectory, name: string, append: boolean): Promise<boolean> {
    const unfinished = unfinishedName(name);
    await directory.remove(unfinished);
    let done: boolean | undefined = false;
    try {
      const answer = await this.run({
        source: directory.pathOf(name),
        target: directory.pathOf(unfinished),
        before: append ? directory.pathOf(compressedName(name)) : undefined,
      });
      if (answer === undefined) return false;
      if ('code' in answer) throw Object.assign(new Error(answer.message), { code: answer.code });
      const { source } = answer;
      done = await this.inUse.claim(name, async () => {
        if (!isSame(await directory.status(name), source)) return false;
        await directory.rename(unfinished, compressedName(name));
        await directory.sync();
        return directory.remove(name);
      });
      return done === true;
    } finally {
      if (done !== true) await directory.remove(unfinished);
    }
  }

  /** @returns undefined when it was stopped */
  private run(task: CompressTask): Promise<CompressAnswer | undefined> {
    if (this.stopped) return Promise.resolve(undefined);
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const worker = new Worker(new URL('../../workers/compress.js', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.worker = worker;
    return new Promise<CompressAnswer | undefined>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => resolve(undefined));
    }).finally(() => (this.worker = undefined));
  }
}

/** Removes what a crash left of files that were being compressed. */
export async function removeUnfinished(directory: OpenDirectory): Promise<void> {
  for (const name of await directory.files()) if (isUnfinishedName(name)) await directory.remove(name);
}

function isSame(now: EntryStatus | undefined, then: { size: number; mtimeMs: number; ino: number }): boolean {
  return now?.isFile === true && now.size === then.size && now.mtimeMs === then.mtimeMs && now.ino === then.ino;
}
