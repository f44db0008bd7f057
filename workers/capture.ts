// The capture thread, started by src/pipeline/threaded_engine.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { runCaptureTask } from '../src/pipeline/capture_task.js';
import type { CaptureTask } from '../src/pipeline/tasks.js';

// What it throws becomes the thread's error event, as everything that nobody catches.
void runCaptureTask(workerData as CaptureTask, (message) => parentPort?.postMessage(message));
