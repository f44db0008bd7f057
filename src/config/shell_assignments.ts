// The configuration file's language: what a POSIX shell that sources the file would assign, as far as that needs no
// evaluation. Where the shell would do anything else, the file is refused: the start script and we must never disagree.

import { shown, UsageError } from './usage_error.js';

/** Keys with this prefix are ours; other keys are left alone. */
export const KEY_PREFIX = 'HTTPLOG_';

export interface Assignment {
  readonly key: string;
  readonly value: string;
  /** from 1 */
  readonly line: number;
}

const NOTHING = /^[ \t]*(?:#.*)?$/s;
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;
const OURS = /^[ \t]*(?:export[ \t]+)?HTTPLOG_/;

/**
 * The assignments of our keys in a configuration file, in its order.
 * @param text the whole file
 * @param path how messages name the file
 * @throws UsageError naming file and line where the shell would do anything but assign a constant
 */
export function parseAssignments(text: string, path: string): Assignment[] {
  const assignments: Assignment[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.includes('\0')) throw problem(path, at + 1, 'there is a NUL byte; this is not a text file');
    if (NOTHING.test(line)) continue;
    if (line.endsWith('\r')) throw problem(path, at + 1, 'the line ends in CR LF; write it with LF alone');
    const match = ASSIGNMENT.exec(line);
    if (match === null) {
      // Only lines of ours are quoted: -conf may have been pointed at a file that its reader must not see.
      const what = OURS.test(line) ? `${shown(line)} is not KEY=value` : 'not KEY=value';
      throw problem(path, at + 1, `${what} (no blanks around the =)`);
    }
    const [, key, rest] = match;
    const ours = key.startsWith(KEY_PREFIX);
    const quoted = ours ? `${key}=${shown(rest)}` : key;
    const value = new ValueReader(rest, ours, (what) => problem(path, at + 1, `${quoted}: ${what}`)).read();
    if (ours) assignments.push({ key, value, line: at + 1 });
  }
  return assignments;
}

function problem(path: string, line: number, what: string): UsageError {
  return new UsageError(`${path} line ${line}: ${what}`);
}

/** Reads the value of one assignment: one shell word, then nothing but a comment. */
class ValueReader {
  private at = 0;
  private value = '';

  /**
   * @param text what follows the `=`
   * @param constant refuse expansions; values of other programs' keys may have them, we do not use those values
   * @param fail makes the error
   */
  constructor(
    private readonly text: string,
    private readonly constant: boolean,
    private readonly fail: (what: string) => UsageError,
  ) {}

  read(): string {
    while (this.at < this.text.length) {
      const character = this.text[this.at];
      if (character === ' ' || character === '\t') {
        if (NOTHING.test(this.text.slice(this.at))) break;
        throw this.fail('put a value with blanks in quotes');
      }
      this.unquoted(character);
    }
    if (this.constant && this.value.includes('\ufffd')) throw this.fail('the value is not UTF-8');
    return this.value;
  }

  private unquoted(character: string): void {
    if (character === "'") this.singleQuoted();
    else if (character === '"') this.doubleQuoted();
    else if (character === '\\') this.take(this.escaped());
    else if (';&|<>()'.includes(character)) throw this.evaluated(character);
    else if (character === '~' && (this.at === 0 || this.text[this.at - 1] === ':')) this.expansion(character);
    else this.plainOrExpansion(character);
  }

  private singleQuoted(): void {
    const end = this.text.indexOf("'", this.at + 1);
    if (end === -1) throw this.fail("the quote ' is not closed on its line");
    this.value += this.text.slice(this.at + 1, end);
    this.at = end + 1;
  }

  /** Inside double quotes a backslash keeps its meaning before $ ` " \ only (POSIX shell, section 2.2.3). */
  private doubleQuoted(): void {
    this.at++;
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) throw this.fail('the quote " is not closed on its line');
      if (character === '"') break;
      if (character !== '\\') {
        this.plainOrExpansion(character);
        continue;
      }
      const next = this.escaped();
      this.take('$`"\\'.includes(next) ? next : `\\${next}`);
    }
    this.at++;
  }

  /** The character behind a backslash; leaves the position on it. */
  private escaped(): string {
    this.at++;
    if (this.at === this.text.length) throw this.fail('a value cannot go on in the next line');
    return this.text[this.at];
  }

  private plainOrExpansion(character: string): void {
    if (character === '$' || character === '`') this.expansion(character);
    else this.take(character);
  }

  private expansion(character: string): void {
    if (this.constant) throw this.evaluated(character);
    this.take(character);
  }

  private evaluated(character: string): UsageError {
    return this.fail(`${character} would be evaluated by the shell; put the value in single quotes`);
  }

  private take(text: string): void {
    this.value += text;
    this.at++;
  }
}
