// The thread of a live capture with one parser, started by src/pipeline/live_engine.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { runLiveTask } from '../src/pipeline/live_task.js';
import type { LiveThreadTask } from '../src/pipeline/tasks.js';

// What it throws becomes the thread's error event.
void runLiveTask(workerData as LiveThreadTask, (message) => parentPort?.postMessage(message));
