// A project folder of its own for the tests of the scripts: the real bin/ and scripts/, and a main program that does
// what the test says.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project under test, from dist/test/scripts/. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Makes a folder that is gone with remove(). */
export class Project {
  /** A blank in the path: no script may split it. */
  readonly root = join(mkdtempSync(join(tmpdir(), 'httplog-scripts-')), 'a project');

  /** @param main JavaScript (CommonJS) to stand at dist/src/cli/main.js; undefined: not built */
  constructor(main?: string) {
    mkdirSync(this.root);
    cpSync(join(ROOT, 'bin'), join(this.root, 'bin'), { recursive: true });
    cpSync(join(ROOT, 'scripts'), join(this.root, 'scripts'), { recursive: true });
    if (main !== undefined) {
      this.write('dist/src/cli/main.js', main);
    }
  }

  path(name: string): string {
    return join(this.root, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Writes a file and the folders above it. */
  write(name: string, text: string, mode = 0o644): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  link(target: string, name: string): string {
    symlinkSync(target, this.path(name));
    return this.path(name);
  }

  remove(): void {
    rmSync(dirname(this.root), { recursive: true, force: true });
  }
}

/** Resolves after this many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until `condition` gives something. @throws Error after `timeoutMs` */
export async function until<T>(what: string, condition: () => T | undefined | false, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
