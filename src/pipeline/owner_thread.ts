// -proc as the main thread sees it: the thread that finds out whose connections are, and what it shares with the parsing workers.

import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CAPABILITY, OWNER_CAPABILITIES, capabilityNames, effectiveCapabilities, maskOf } from '../host/capabilities.js';
import { EFD_CLOEXEC_NONBLOCK, eventfd } from '../host/libc.js';
import { PrivilegeError } from '../host/privileges.js';
import { allocateConnectionTable } from '../ring/connection_table.js';
import { allocateOwnerAsks } from '../ring/owner_asks.js';
import { allocateOwnerRows } from '../ring/owner_rows.js';
import { describeError, say } from './say.js';
import type { OwnerMemory, OwnerMessage, OwnerTask } from './tasks.js';

/**
 * Makes what the threads share.
 * @param workers parsing workers
 * @throws PrivilegeError that names the capability that is missing
 */
export function makeOwnerMemory(workers: number): OwnerMemory {
  const missing = missingCapabilities(effectiveCapabilities());
  if (missing !== 0n) {
    throw new PrivilegeError(`-proc needs ${capabilityNames(missing)}, to look into the processes of other users and to hear of new ones: start httplog with sudo, have the service manager give it (AmbientCapabilities=), or leave -proc (HTTPLOG_PROC) out`);
  }
  return {
    connections: allocateConnectionTable(),
    rows: allocateOwnerRows(),
    asks: Array.from({ length: workers }, allocateOwnerAsks),
    wakeFd: eventfd(0, EFD_CLOEXEC_NONBLOCK),
  };
}

/** @param effective a bit mask */
function missingCapabilities(effective: bigint): bigint {
  // What lets root past the permissions of any file does as well.
  const passes = (effective & maskOf(CAPABILITY.DAC_OVERRIDE)) === 0n ? 0n : maskOf(CAPABILITY.DAC_READ_SEARCH);
  return OWNER_CAPABILITIES & ~(effective | passes);
}

/** The thread, started; without it, records go on and tell no processes. */
export class OwnerThread {
  /** resolves when what is there already is known, or when that cannot be */
  readonly ready: Promise<void>;
  private readonly stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly ended: Promise<void>;

  /** @param ports service ports, undefined: every port */
  constructor(private readonly memory: OwnerMemory, ports: OwnerTask['ports']) {
    const task: OwnerTask = { memory, ports, stop: this.stop.buffer as SharedArrayBuffer };
    const worker = new Worker(new URL('../../workers/owners.js', import.meta.url), { workerData: task });
    worker.on('error', (error) => say(`records do not tell processes any more: the thread that finds them broke; ${describeError(error)}`, 'error'));
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => resolve());
    });
    const told = new Promise<void>((resolve) => {
      worker.on('message', (message: OwnerMessage) => {
        tell(message);
        if (message.type === 'ready') resolve();
      });
    });
    this.ready = Promise.race([told, this.ended]);
  }

  /** Has the thread end, and waits for it. */
  async close(): Promise<void> {
    Atomics.store(this.stop, 0, 1);
    writeSync(this.memory.wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
    await this.ended;
  }
}

function tell(message: OwnerMessage): void {
  if (message.type !== 'ready') say(message.text, message.type === 'warning' ? 'warn' : 'info');
  else say(`processes: ${message.processes} known, with ${message.connections} ends of connections on service ports`);
}
