// What the thread that finds owners would have written for the flows of a generated capture (bench/lib/generated.ts): several server
// processes that share the connections among them.

import { ascii } from '../../src/bytes/ascii.js';
import type { OwnerMemory } from '../../src/pipeline/tasks.js';
import { Owner, VIA } from '../../src/record/owner.js';
import { ConnectionKey } from '../../src/ring/connection_key.js';
import { OWNERSHIP, allocateConnectionTable } from '../../src/ring/connection_table.js';
import { ConnectionWriter } from '../../src/ring/connection_writer.js';
import { allocateOwnerAsks } from '../../src/ring/owner_asks.js';
import { allocateOwnerBoard } from '../../src/ring/owner_board.js';
import { OwnerWriter, allocateOwnerRows } from '../../src/ring/owner_rows.js';

const SERVER_PORT = 80;
const FIRST_CLIENT_PORT = 32_768;
const PROCESSES = 40;

/**
 * @param flows so many client ports from the first on, of one client
 * @returns memory in which the server's end of every flow is known; whoever asks for another one nevertheless writes to a closed descriptor
 */
export function flowOwners(flows: number, ipv6: boolean): OwnerMemory {
  const memory = { connections: allocateConnectionTable(), rows: allocateOwnerRows(), asks: [allocateOwnerAsks()], board: allocateOwnerBoard(), wakeFd: -1 };
  const rows = new OwnerWriter(memory.rows);
  const epochs = Array.from({ length: PROCESSES }, (_, row) =>
    rows.write(row, new Owner(1000 + row, 1, ascii('/usr/sbin/nginx'), ascii('www-data'), ascii(''), ascii(`guid-${row}`)), true));
  const writer = new ConnectionWriter(memory.connections);
  const key = new ConnectionKey();
  const length = ipv6 ? 16 : 4;
  const [server, client] = [length, 2 * length];
  const bytes = new Uint8Array(3 * length);
  if (ipv6) for (const at of [server, client]) bytes.set([0x20, 0x01, 0x0d, 0xb8], at);
  bytes.set(ipv6 ? [0, 0, 0, 1] : [198, 18, 0, 1], server + length - 4);
  bytes.set([10, 0, 0, 1], client + length - 4);
  for (let flow = 0; flow < flows; flow++) {
    const row = flow % PROCESSES;
    key.set(bytes, server, client, length, SERVER_PORT, FIRST_CLIENT_PORT + flow);
    writer.put(key, OWNERSHIP.KNOWN, row, epochs[row], VIA.LISTENER, 1, 0);
  }
  return memory;
}
