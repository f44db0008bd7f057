// A record of a process event for tests to begin with.

import { UNKNOWN_IMAGE } from '../../src/host/process_image.js';
import type { ProcessRecord } from '../../src/processes/process_record.js';

/** Nothing is known but that it began a program. */
export const UNKNOWN_PROCESS: ProcessRecord = {
  name: 'exec', pid: 1, tgid: 1, timeNs: 0n, otherPid: 0, realId: 0, effectiveId: 0, exitCode: 0, comm: new Uint8Array(0), ppid: undefined,
  isKernelThread: false, image: UNKNOWN_IMAGE, cwd: undefined, uid: undefined, guid: undefined, container: undefined,
  startNs: undefined, startIsExact: false,
};
