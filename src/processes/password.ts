// The password of TCP clients: where it comes from, and whether what a client sent is it.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { shown, UsageError } from '../config/usage_error.js';
import { systemReason } from '../log/log_error.js';

/** The longest password; a longer line of a client is wrong whatever it says. */
export const MOST_PASSWORD_BYTES = 1024;
const READABLE_BY_ALL = 0o004;
const WRITABLE_BY_OTHERS = 0o022;
const ROOT = 0;

export interface PasswordSettings {
  /** given on the command line; '' for none */
  readonly auth: string;
  /** a file whose first line it is; '' for none */
  readonly authFile: string;
}

export interface FoundPassword {
  readonly password: Buffer;
  /** what the user should know about it; undefined: nothing */
  readonly warning: string | undefined;
}

/**
 * The password from -a, --auth-file or HTTPLOG_AUTH, the first of them that is given. The variable is removed from the environment, so that no
 * child inherits it.
 * @param environment process.env
 * @throws UsageError when there is none, or it is not one
 */
export function readPassword({ auth, authFile }: PasswordSettings, environment: NodeJS.ProcessEnv): FoundPassword {
  const variable = environment['HTTPLOG_AUTH'];
  delete environment['HTTPLOG_AUTH'];
  if (auth !== '') {
    const warning = 'option -a: every user of this host can read the password with ps; give it with --auth-file or in the environment variable HTTPLOG_AUTH';
    return { password: checked(Buffer.from(auth), 'option -a'), warning };
  }
  if (authFile !== '') return { password: checked(readFirstLine(authFile), `option --auth-file: ${shown(authFile)}`), warning: undefined };
  if (variable !== undefined) return { password: checked(Buffer.from(variable), 'environment HTTPLOG_AUTH'), warning: undefined };
  throw new UsageError('TCP needs a password: give it with --auth-file or in the environment variable HTTPLOG_AUTH');
}

function checked(password: Buffer, where: string): Buffer {
  if (password.length === 0) throw new UsageError(`${where}: the password is empty`);
  if (password.length > MOST_PASSWORD_BYTES) throw new UsageError(`${where}: the password has more than ${MOST_PASSWORD_BYTES} bytes`);
  if (password.includes('\n') || password.includes('\r') || password.includes(0)) throw new UsageError(`${where}: the password has to be one line`);
  return password;
}

function readFirstLine(path: string): Buffer {
  const where = `option --auth-file: ${shown(path)}`;
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const refusal = refusalOf(fstatSync(fd), path);
    if (refusal !== undefined) throw new UsageError(`${where}: ${refusal}`);
    const bytes = Buffer.alloc(MOST_PASSWORD_BYTES + 2); // one too many, and CR
    const text = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
    const end = text.indexOf('\n');
    const line = end < 0 ? text : text.subarray(0, end);
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where}: it cannot be read: ${systemReason(error)}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Why the file is no place for a password. */
function refusalOf({ mode, uid, ...status }: Stats, path: string): string | undefined {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return 'it is not a regular file';
  if (uid !== ROOT && uid !== process.geteuid?.()) return `it belongs to user ${uid}, not to root or to this user; chown it`;
  if ((mode & READABLE_BY_ALL) !== 0) return `every user of this host can read it; chmod o-r ${path}`;
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return `others than its owner can write it; chmod go-w ${path}`;
  return status.size === 0 ? 'it is empty' : undefined;
}

/** Compares in a time that tells nothing about the password, not even its length. */
export class PasswordCheck {
  private readonly key = randomBytes(32);
  private readonly wanted: Buffer;

  constructor(password: Uint8Array) {
    this.wanted = this.digest(password);
  }

  matches(given: Uint8Array): boolean {
    return timingSafeEqual(this.digest(given), this.wanted);
  }

  private digest(text: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update(text).digest();
  }
}
