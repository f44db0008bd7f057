// The bundle of the command as a script that V8 has compiled before. Compiling takes a third of a short run, so the build keeps the
// bytecode of the functions that a replay calls (docs/decisions/bundle.md). V8 takes it only with the very version and flags it was
// made with, and does not look at the text beyond its length: so the text is kept with it, and compared.

import { createRequire } from 'node:module';
import { Script } from 'node:vm';

/** What stack traces and profiles say. It is kept with the code, so it must not be the path of where that was made. */
const NAME = 'lib/src/cli/httplog.js';

type Command = (require: NodeRequire, module: { exports: unknown }, file: string) => void;

/**
 * @param source its text: ASCII, but for comments
 * @param code of compiledCode(); what does not fit is passed over
 */
export function commandScript(source: Buffer, code?: Buffer): Script {
  // On the first line, so that the numbers of the others are those of the file.
  const text = `(function (require, module, __filename) { ${source.toString('latin1')}\n})`;
  return new Script(text, code === undefined ? { filename: NAME } : { filename: NAME, cachedData: code });
}

/**
 * Starts the command; it reads its arguments from process.argv.
 * @param file where the bundle lies: what it finds its workers from
 */
export function startCommand(script: Script, file: string): void {
  (script.runInThisContext() as Command)(createRequire(file), { exports: {} }, file);
}

/** What is kept of a script that has run: its source and the code of what was called. */
export function compiledFile(source: Buffer, script: Script): Buffer {
  return Buffer.concat([source, script.createCachedData()]);
}

/** The code in a compiledFile(), undefined when it is that of another source. */
export function compiledCode(kept: Buffer, source: Buffer): Buffer | undefined {
  return kept.subarray(0, source.length).equals(source) ? kept.subarray(source.length) : undefined;
}
