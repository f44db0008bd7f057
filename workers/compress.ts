// The compressing thread, started by src/log/compress.ts for one file.

import { parentPort, workerData } from 'node:worker_threads';
import { type CompressAnswer, type CompressTask, compressFile, giveWay } from '../src/log/compress_task.js';
import { errorCode } from '../src/log/log_error.js';

function answer(): CompressAnswer {
  giveWay();
  try {
    return { source: compressFile(workerData as CompressTask) };
  } catch (error) {
    return { code: errorCode(error), message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(answer());
