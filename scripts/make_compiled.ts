// Keeps what V8 makes of the bundle while it replays a capture, for a quicker start (src/cli/compiled_command.ts). Part of the build.
// V8 takes the code only under the flags it was made with: those of bin/httplog.
//
//     node --max-semi-space-size=1 dist/scripts/make_compiled.js

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeGenerated } from '../bench/lib/generated.js';
import { commandScript, compiledFile, startCommand } from '../src/cli/compiled_command.js';

const BUNDLE = fileURLToPath(new URL('../../lib/src/cli/httplog.js', import.meta.url));
const CODE = `${BUNDLE}.code`;
const MODE = 0o644;
/** Some of everything, and too few to be long about. */
const TRAFFIC = { frames: 4000, flows: 10, messageShare: 0.5, frameBytes: 300 };

const source = readFileSync(BUNDLE);
const directory = mkdtempSync(join(tmpdir(), 'httplog-build-'));
const capture = join(directory, 'capture.pcap');
const logs = join(directory, 'logs');
writeGenerated(capture, TRAFFIC);
mkdirSync(logs);

const script = commandScript(source);
process.on('exit', (status) => {
  rmSync(directory, { recursive: true });
  if (status !== 0) return;
  writeFileSync(CODE, compiledFile(source, script));
  chmodSync(CODE, MODE); // the run has an umask of its own
});
process.argv.splice(2, Infinity, '-r', capture, '-d', logs, '-log_level', 'warn');
startCommand(script, BUNDLE);
