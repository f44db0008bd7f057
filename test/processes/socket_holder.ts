// A process that serves a socket until it is killed, or says why it cannot.

import { EventServers } from '../../src/processes/servers.js';

const [, , path = ''] = process.argv;
try {
  await EventServers.open({ unix: { path, mode: 0o660 }, tcp: undefined, clients: 3, say: () => undefined });
  process.send?.('ready');
} catch (error) {
  process.send?.(error instanceof Error ? error.message : String(error), () => process.disconnect());
}
