// A root directory of its own for programs that change a system: this machine's files seen through an overlay, in a mount
// namespace. What is written goes to memory, and is gone with close().

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type CommandResult, tryCommand, until } from './command.js';

export class OwnRoot {
  private constructor(private readonly directory: string, private readonly holder: ChildProcess) {}

  /**
   * @param shared directories of this machine that are seen inside under the same name, read and written
   * @throws Error without root, or where the kernel has no overlay
   */
  static async make(shared: readonly string[]): Promise<OwnRoot> {
    const directory = mkdtempSync(join(tmpdir(), 'httplog-root-'));
    const script = `set -e
      mount -t tmpfs tmpfs "$0"
      cd "$0"
      mkdir upper work root
      mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
      for shared in /proc /dev "$@"; do
        mkdir -p "root$shared"
        mount --rbind "$shared" "root$shared"
      done
      echo ready
      exec sleep infinity`;
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, directory, ...shared]);
    let said = '';
    for (const stream of [holder.stdout, holder.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('a root of its own', () => {
      if (holder.exitCode !== null) throw new Error(`no root of its own: ${said}`);
      return said.includes('ready');
    });
    return new OwnRoot(directory, holder);
  }

  /** Runs a line of shell inside, whatever its exit status. */
  try(line: string): CommandResult {
    return tryCommand(this.argv(line));
  }

  /** Runs a line of shell that has to succeed. @returns its standard output */
  run(line: string): string {
    return command(this.argv(line));
  }

  async close(): Promise<void> {
    this.holder.kill('SIGKILL');
    if (this.holder.exitCode === null && this.holder.signalCode === null) await once(this.holder, 'exit');
    rmdirSync(this.directory);
  }

  private argv(line: string): string[] {
    return ['nsenter', '--mount', '--target', String(this.holder.pid), 'chroot', join(this.directory, 'root'), 'sh', '-c', line];
  }
}
