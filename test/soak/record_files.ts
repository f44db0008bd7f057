// The log directory as an operator's log rotation has it: files are renamed, httplog is told, and what was written is looked at
// line by line and removed.

import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Watched } from './watched.js';

const RECORD_FILE = /^http-.*\.json$/;
const TAKEN = 'taken-';
const NEWLINE = 0x0a;

/** What the files held so far. */
export class RecordFiles {
  lines = 0;
  bytes = 0;
  rotations = 0;
  /** the first line that is no record, if any */
  broken: string | undefined;

  constructor(private readonly directory: string) {}

  /** Renames the files, tells httplog, waits until it has let go of them, and counts. */
  async rotate(httplog: Watched): Promise<void> {
    const taken = this.takeAll();
    httplog.signal('SIGHUP');
    await httplog.holds('letting go of the rotated files', () => {
      const open = httplog.openFiles();
      return !taken.some((path) => open.includes(path));
    });
    for (const path of taken) this.count(path);
    this.rotations++;
  }

  /** Counts what is there once nobody writes any more. */
  finish(): void {
    for (const path of this.takeAll()) this.count(path);
  }

  private takeAll(): string[] {
    return readdirSync(this.directory).filter((name) => RECORD_FILE.test(name)).map((name) => {
      const path = join(this.directory, `${TAKEN}${name}`);
      renameSync(join(this.directory, name), path);
      return path;
    });
  }

  private count(path: string): void {
    const content = readFileSync(path);
    rmSync(path);
    this.bytes += content.length;
    if (content.length > 0 && content[content.length - 1] !== NEWLINE) this.broken ??= `${path} ends inside a line`;
    for (const line of content.toString('utf8').split('\n').slice(0, -1)) {
      this.lines++;
      if (!isRecord(line)) this.broken ??= `${path}: ${line.slice(0, 300)}`;
    }
  }
}

function isRecord(line: string): boolean {
  try {
    const { time, kind, iface } = JSON.parse(line) as Record<string, unknown>;
    return typeof time === 'string' && typeof iface === 'string' && typeof kind === 'string' && /^[CS][QR]$/.test(kind);
  } catch {
    return false;
  }
}
