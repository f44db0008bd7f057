// What loading the settings depends on beside the command line.

import { availableParallelism } from 'node:os';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** where ./httplog.conf and a relative -conf FILE are looked for */
  readonly cwd: string;
  /** processors this process may use, from 1 */
  readonly cores: number;
  readonly effectiveUid: number;
  /** the system's configuration file: /etc/sysconfig/httplog */
  readonly sysconfigPath: string;
}

/** The surroundings of this process. */
export function thisProcess(): Surroundings {
  return {
    environment: process.env,
    cwd: process.cwd(),
    cores: availableParallelism(),
    effectiveUid: process.geteuid?.() ?? 0,
    sysconfigPath: '/etc/sysconfig/httplog',
  };
}
