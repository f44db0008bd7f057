// The folder of a comparison: the captures it makes, and a scratch place for what the programs write.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../test/support/command.js';
import { ROOT } from './httplog_command.js';
import { copyPrefix, type Contents } from './pcap_prefix.js';

const TRAFFIC_LIMIT_MS = 600_000;

export class Workshop {
  readonly scratch: string;
  private readonly captures: string;
  private readonly largest: string;

  /**
   * @param directory where the folders are made
   * @param largestMb megabytes of the largest capture asked for
   * @param keep captures stay behind close(), and those of an earlier run are used
   */
  constructor(directory: string, private readonly largestMb: number, private readonly keep: boolean) {
    this.scratch = mkdtempSync(join(directory, 'httplog-bench-'));
    this.captures = keep ? join(directory, 'httplog-bench-captures') : this.scratch;
    mkdirSync(this.captures, { recursive: true });
    this.largest = join(this.captures, `traffic-${largestMb}.pcap`);
  }

  /** A capture of mixed real traffic of this size: the beginning of the largest one, which is made when it is first needed. */
  traffic(megabytes: number): Contents {
    if (!existsSync(this.largest)) {
      const making = `${this.largest}.part`;
      command([process.execPath, join(ROOT, 'dist/scripts/make_traffic.js'), making, String(this.largestMb)], '', TRAFFIC_LIMIT_MS);
      command(['mv', making, this.largest]);
    }
    if (megabytes === this.largestMb) return copyPrefix(this.largest, Infinity);
    return copyPrefix(this.largest, megabytes * 1e6, join(this.scratch, `traffic-${megabytes}.pcap`));
  }

  /** Removes a capture that is not needed again, unless it is one to keep. */
  discard(capture: Contents): void {
    if (capture.path !== this.largest) rmSync(capture.path, { force: true });
  }

  close(): void {
    rmSync(this.scratch, { recursive: true, force: true });
    if (!this.keep) rmSync(this.captures, { recursive: true, force: true });
  }
}
