// Has finished files compressed, one after the other, behind all else. After a failure the rest waits.

import { Compressor } from './compress.js';
import type { FilesInUse } from './files_in_use.js';

/** After a failure (a full disk, say). */
const AGAIN_MS = 600_000;

export interface CompressTurnsOptions {
  /** absolute */
  readonly directory: string;
  readonly inUse: FilesInUse;
  readonly monotonicMs: () => number;
  readonly onFailure: (name: string, error: unknown) => void;
}

export class CompressTurns {
  private readonly compressor: Compressor;
  private turn: Promise<void> | undefined;
  private notBeforeMs = -Infinity;
  private closed = false;

  constructor(private readonly options: CompressTurnsOptions) {
    this.compressor = new Compressor(options.directory, options.inUse);
  }

  /** Begins with files that nothing is written to any more, unless it is at others, or one failed lately. */
  begin(names: readonly string[]): void {
    const ready = names.filter((name) => !this.options.inUse.has(name));
    if (ready.length === 0 || this.turn !== undefined || this.options.monotonicMs() < this.notBeforeMs) return;
    this.turn = this.compressAll(ready).finally(() => (this.turn = undefined));
  }

  /** Resolves when no file is being compressed. */
  async done(): Promise<void> {
    await this.turn;
  }

  /** Ends what is being compressed, leaving nothing of it. */
  async stop(): Promise<void> {
    this.closed = true;
    await this.compressor.stop();
    await this.turn;
  }

  private async compressAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.closed) return;
      try {
        await this.compressor.compress(name);
      } catch (error) {
        this.options.onFailure(name, error);
        this.notBeforeMs = this.options.monotonicMs() + AGAIN_MS;
        return;
      }
    }
  }
}
