// The thread that finds out whose connections are, started by src/pipeline/owner_thread.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { runOwnerTask } from '../src/pipeline/owner_task.js';
import type { OwnerTask } from '../src/pipeline/tasks.js';

// What it throws becomes the thread's error event.
runOwnerTask(workerData as OwnerTask, (message) => parentPort?.postMessage(message));
