// A clock that jumps, for a running httplog: Node loads this into each of its threads (NODE_OPTIONS), and Date then shows the
// host's time and what stands in a file, in milliseconds. The host's own clock is left alone, so the kernel's time stamps go on.

import { readFileSync, writeFileSync } from 'node:fs';

/** The environment of an httplog whose clock jumps. @param file see jump() */
export function jumpingClock(file: string): NodeJS.ProcessEnv {
  jump(file, 0);
  return { NODE_OPTIONS: `--import ${import.meta.url}`, TEST_CLOCK: file };
}

/** The clock is now so many milliseconds ahead of the host's. */
export function jump(file: string, milliseconds: number): void {
  writeFileSync(file, String(milliseconds));
}

const file = process.env['TEST_CLOCK'];
if (file !== undefined) {
  const HostDate = Date;
  const now = (): number => HostDate.now() + Number(readFileSync(file, 'utf8'));
  globalThis.Date = new Proxy(HostDate, {
    construct: (target, given: []) => (given.length === 0 ? new target(now()) : new target(...given)),
    get: (target, key): unknown => (key === 'now' ? now : Reflect.get(target, key)),
  });
}
