// Surroundings that tests control: a directory of their own, no real environment, no real /etc.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { loadSettings } from '../../src/config/load.js';
import type { LoadedSettings } from '../../src/config/load.js';
import type { Surroundings } from '../../src/config/surroundings.js';
import { UsageError } from '../../src/config/usage_error.js';

export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'httplog-config-'));
  readonly sysconfigPath = join(this.directory, 'sysconfig');
  readonly localPath = join(this.directory, 'httplog.conf');

  around(changes: Partial<Surroundings> = {}): Surroundings {
    return {
      environment: {}, cwd: this.directory, cores: 4, effectiveUid: process.geteuid!(), sysconfigPath: this.sysconfigPath, ...changes,
    };
  }

  /** Writes a file that only its owner may write. @returns its path */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    writeFileSync(path, content, { mode: 0o644 });
    return path;
  }

  load(argv: readonly string[], changes: Partial<Surroundings> = {}): LoadedSettings {
    const loaded = loadSettings(argv, this.around(changes));
    assert.ok(loaded.action === 'run' || loaded.action === 'check');
    return loaded;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The message of the UsageError that `act` must throw: one line of printable characters. */
export function usageMessage(act: () => unknown): string {
  let message = '';
  assert.throws(act, (error) => {
    assert.ok(error instanceof UsageError, `not a UsageError: ${String(error)}`);
    message = error.message;
    return true;
  });
  assert.doesNotMatch(message, /\p{C}/u);
  assert.ok(message.length < 1000, 'a message is one readable line');
  return message;
}
