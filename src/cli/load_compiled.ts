// The first file of lib: starts the bundle of the command (httplog.js beside it) from the code that the build has kept of it, or
// without it where there is none.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandScript, compiledCode, startCommand } from './compiled_command.js';

// Before anything takes time, as main.ts tells; it adds the handlers of its own.
process.on('SIGUSR1', () => undefined);

const file = fileURLToPath(new URL('httplog.js', import.meta.url));
const source = readFileSync(file);
startCommand(commandScript(source, keptCode()), file);

function keptCode(): Buffer | undefined {
  try {
    return compiledCode(readFileSync(`${file}.code`), source);
  } catch {
    // Built without it, or not readable: only the start takes longer.
    return undefined;
  }
}
