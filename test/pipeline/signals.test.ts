import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const SIGNALS = new URL('../../src/pipeline/signals.js', import.meta.url).href;

/** Runs a script in a session of its own, without a terminal. */
function run(script: string): { status: number | null; signal: NodeJS.Signals | null; stdout: string } {
  const source = `import * as signals from ${JSON.stringify(SIGNALS)};\n${script}`;
  return spawnSync('setsid', ['-w', process.execPath, '--input-type=module', '-e', source], { encoding: 'utf8', timeout: 120_000 });
}

/** Where time was lost meanwhile, timers come before what has arrived: hence one more round of the loop. */
const SEND = (names: string): string => `for (const name of ${names}) process.kill(process.pid, name);
await new Promise((resolve) => setTimeout(resolve, 50));
await new Promise(setImmediate);`;

describe('signals', function () {
  this.timeout(180_000);

  it('before a run has its handlers, SIGHUP and SIGUSR2 do nothing', () => {
    const { status, stdout } = run(`signals.tolerateSignals(false); ${SEND("['SIGHUP', 'SIGUSR2']")} console.log('alive');`);
    assert.deepEqual([status, stdout], [0, 'alive\n']);
  });

  it('they reach the handlers of a run, once each, and none after it', () => {
    const { status, stdout } = run(`signals.tolerateSignals(false);
      const say = (what) => () => console.log(what);
      const remove = signals.handleSignals({ stop: say('stop'), reopen: say('reopen'), statistics: say('statistics') }, false);
      ${SEND("['SIGHUP', 'SIGUSR2', 'SIGTERM']")}
      remove();
      ${SEND("['SIGHUP', 'SIGUSR2']")}`);
    assert.equal(status, 0);
    assert.deepEqual(stdout.trim().split('\n').sort(), ['reopen', 'statistics', 'stop']);
  });

  it('a second SIGTERM ends the process as if there were no handler', () => {
    const { signal, stdout } = run(`signals.handleSignals({ stop: () => console.log('stop'), reopen() {}, statistics() {} }, false);
      setInterval(() => undefined, 1000); ${SEND("['SIGTERM']")} ${SEND("['SIGTERM']")} console.log('alive');`);
    assert.deepEqual([signal, stdout], ['SIGTERM', 'stop\n']);
  });
});
