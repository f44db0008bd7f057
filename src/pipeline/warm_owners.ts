// What the warm-up finds when it looks for processes: one that has the server's end of every connection, so that nobody is asked.

import { ascii } from '../bytes/ascii.js';
import { Owner, VIA } from '../record/owner.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { allocateConnectionTable, OWNERSHIP } from '../ring/connection_table.js';
import { ConnectionWriter } from '../ring/connection_writer.js';
import { allocateOwnerAsks } from '../ring/owner_asks.js';
import { allocateOwnerBoard } from '../ring/owner_board.js';
import { allocateOwnerRows, OwnerWriter } from '../ring/owner_rows.js';
import type { OwnerMemory } from './tasks.js';

/**
 * @param addresses two of IPv4: either may be the server
 * @param port the server's
 * @param clientPorts the first, and how many
 */
export function warmOwners(addresses: Uint8Array, port: number, clientPorts: readonly [first: number, count: number]): OwnerMemory {
  const memory = { connections: allocateConnectionTable(), rows: allocateOwnerRows(), asks: [allocateOwnerAsks()], board: allocateOwnerBoard(), wakeFd: -1 };
  const epoch = new OwnerWriter(memory.rows).write(0, new Owner(1, 0, ascii('/usr/sbin/server'), ascii('www-data')), true);
  const writer = new ConnectionWriter(memory.connections);
  const key = new ConnectionKey();
  const [first, count] = clientPorts;
  for (let clientPort = first; clientPort < first + count; clientPort++) {
    for (const server of [0, 4]) {
      key.set(addresses, server, 4 - server, 4, port, clientPort);
      writer.put(key, OWNERSHIP.KNOWN, 0, epoch, VIA.SCAN, 1, 0);
    }
  }
  return memory;
}
