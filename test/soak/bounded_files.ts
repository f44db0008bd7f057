// A log directory that httplog itself keeps in bounds: new files by size, finished ones compressed, the oldest removed.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sizeOf } from '../support/disk.js';
import type { Check } from './verdict.js';
import type { Watched } from './watched.js';

const LIMIT_MIB = 6;
/** A file is given up for the next one, and looked for, now and then: not with every line. */
const SLACK_MIB = 3;
const BYTES_A_MIB = 1 << 20;

export const BOUNDS = ['-rotate', '1M', '-compress', '-max_disk', `${LIMIT_MIB}M`, '-retain', '30'] as const;

export class BoundedFiles {
  private mostBytes = 0;

  constructor(private readonly directory: string) {}

  /** Looks at what is there. */
  sample(): void {
    let bytes = 0;
    for (const name of readdirSync(this.directory)) bytes += sizeOf(join(this.directory, name));
    this.mostBytes = Math.max(this.mostBytes, bytes);
  }

  /** To be called when nobody writes any more. */
  checks({ name, latest }: Watched): Check[] {
    const files = readdirSync(this.directory).filter((file) => file.startsWith('http-'));
    let lines = 0;
    let broken: string | undefined;
    for (const file of files) {
      try {
        const bytes = readFileSync(join(this.directory, file));
        const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
        if (!text.endsWith('\n') && text !== '') throw new Error('it ends inside a line');
        for (const line of text.split('\n').slice(0, -1)) {
          JSON.parse(line);
          lines++;
        }
      } catch (error) {
        broken ??= `${file}: ${(error as Error).message}`;
      }
    }
    const written = latest?.linesWritten ?? 0;
    const most = this.mostBytes / BYTES_A_MIB;
    return [
      { what: `${name}: no more than -max_disk ${LIMIT_MIB}M, but for ${SLACK_MIB} MiB on their way`, seen: `${most.toFixed(1)} MiB at most`, holds: most <= LIMIT_MIB + SLACK_MIB },
      { what: `${name}: every file whole, no line twice`, seen: broken ?? `${lines} lines in ${files.length} files, of ${written} written`, holds: broken === undefined && lines > 0 && lines <= written },
    ];
  }
}
