// A parsing worker, started by piscina (src/pipeline/threaded_engine.ts).

import { runParseTask } from '../src/pipeline/parse_task.js';
import type { ParseTask } from '../src/pipeline/tasks.js';

export default (task: ParseTask): Promise<void> => runParseTask(task);
