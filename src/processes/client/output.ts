// Where the client's lines go: standard output, at its reader's pace.

import { StandardOutput } from '../../log/standard_output.js';
import { WriteLedger } from '../../log/write_ledger.js';
import type { LogError } from '../../log/log_error.js';
import { renderEvent, type Look } from './pretty.js';

export interface OutputOptions {
  /** undefined: lines as they are */
  readonly look: (() => Look) | undefined;
  /** nobody reads any more; called once */
  readonly onClosed: () => void;
  readonly onError: (error: LogError) => void;
}

export class LineOutput {
  /** a write is under way, perhaps waiting for a reader who does not read */
  isWriting = false;
  private readonly sink: StandardOutput;

  constructor(private readonly options: OutputOptions) {
    const ledger = new WriteLedger({ onError: (error) => options.onError(error), onRecovery: () => undefined });
    this.sink = new StandardOutput({ ledger, onClosed: () => options.onClosed() });
  }

  /** @param parts whole lines when taken together, in their order */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(parts);
    const { look } = this.options;
    const shown = look === undefined ? bytes : Buffer.from(render(bytes.toString('utf8'), look()));
    this.isWriting = true;
    await this.sink.write([{ region: 0, period: 0, bytes: shown, lines: 1 }]);
    this.isWriting = false;
  }
}

function render(text: string, look: Look): string {
  return text.split('\n').slice(0, -1).map((line) => `${renderEvent(line, look)}\n`).join('');
}
