// The thread that hears process events, started by src/processes/event_source.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { runEventTask } from '../src/processes/event_task.js';
import type { EventTask } from '../src/processes/tasks.js';

// What it throws becomes the thread's error event.
runEventTask(workerData as EventTask, (message, transfer = []) => parentPort?.postMessage(message, [...transfer]));
