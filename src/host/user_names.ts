// Names of users by number, from /etc/passwd, read anew when it changes. Nothing else is asked: a directory server that does not
// answer must not hold up the events of a whole host. A user that is not in the file is called by the number.

import { readFileSync, statSync } from 'node:fs';

const PASSWD = '/etc/passwd';
/** How often the file is looked at. */
const FRESH_MS = 1000;
/** Numbers that have no name are remembered, up to so many. */
const MOST_NUMBERS = 4096;

export class UserNames {
  private names = new Map<number, string>();
  private numbers = new Map<number, string>();
  private version = '';
  private lookedMs = -Infinity;

  constructor(private readonly path = PASSWD) {}

  /** The name of the first entry with that number, else the number. */
  of(uid: number): string {
    const nowMs = performance.now();
    if (nowMs - this.lookedMs >= FRESH_MS) {
      this.lookedMs = nowMs;
      this.refresh();
    }
    return this.names.get(uid) ?? this.numberText(uid);
  }

  private numberText(uid: number): string {
    const known = this.numbers.get(uid);
    if (known !== undefined) return known;
    if (this.numbers.size >= MOST_NUMBERS) this.numbers.clear();
    const text = String(uid);
    this.numbers.set(uid, text);
    return text;
  }

  private refresh(): void {
    try {
      const { mtimeNs, ino, size } = statSync(this.path, { bigint: true });
      const version = `${mtimeNs}:${ino}:${size}`;
      if (version === this.version) return;
      this.names = parsePasswd(readFileSync(this.path, 'utf8'));
      this.version = version;
    } catch {
      // Being replaced, or not there: what was known last is better than nothing.
    }
  }
}

/** Names by number; of several with one number the first, as getpwuid(3) has it. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, name, number] = /^([^:#][^:]*):[^:]*:(\d{1,10}):/.exec(line) ?? [];
    if (name !== undefined && !names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}
