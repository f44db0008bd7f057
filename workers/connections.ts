// The thread that follows connections, started by src/connections/run.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { followConnections } from '../src/connections/follower.js';
import type { ConnectionTask } from '../src/connections/tasks.js';

// What it throws becomes the thread's error event.
followConnections(workerData as ConnectionTask, (message) => parentPort?.postMessage(message));
