// Which interfaces to watch when none was named.

import { SourceError } from '../capture/source.js';
import { say } from './say.js';

/**
 * The interfaces named, or else eth0, or else the default route's.
 * @throws SourceError when none was named and there is neither
 */
export async function chooseInterfaces(named: readonly string[]): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const { defaultInterface } = await import('../host/interfaces.js'); // loads koffi, which a replay does without
  const chosen = defaultInterface();
  if (chosen === undefined) {
    throw new SourceError('no interface named, no eth0 and no default route: name one with -i (httplog -D lists them)');
  }
  if (chosen !== 'eth0') say(`no interface named and there is no eth0: watching ${chosen}, where the default route leads`);
  return [chosen];
}
