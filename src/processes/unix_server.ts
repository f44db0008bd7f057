// Events for who may open a socket file of this host: its permissions are all the authentication there is.

import { createServer, type Server, type Socket } from 'node:net';
import type { Broadcast } from './broadcast.js';
import type { Say } from './endpoint_error.js';
import { EventClient } from './event_client.js';
import { dismiss } from './socket_end.js';
import { placeSocket, type PlacedSocket, type SocketPlace } from './socket_file.js';
import { WaitingRoom } from './waiting_room.js';

export class UnixServer {
  private readonly waiting = new WaitingRoom();
  private count = 0;
  private placed: PlacedSocket | undefined;

  private constructor(private readonly server: Server, private readonly broadcast: Broadcast, private readonly say: Say) {}

  /** @throws EndpointError, LogError when it cannot listen there */
  static async open(place: SocketPlace, broadcast: Broadcast, say: Say): Promise<UnixServer> {
    // A client that ends its side ends the connection, but gets what is queued for it first.
    const server = createServer({ allowHalfOpen: true });
    const unix = new UnixServer(server, broadcast, say);
    server.on('connection', (socket) => unix.admit(socket));
    unix.placed = await placeSocket(server, place);
    server.on('error', (error) => say(`the socket ${unix.address} cannot take a connection: ${error.message}`, 'warn'));
    return unix;
  }

  get address(): string {
    return this.placed?.path ?? '';
  }

  /** Takes no more clients and removes the socket; those there are stay. */
  close(): void {
    this.server.close();
    this.waiting.clear();
    const trouble = this.placed?.remove();
    if (trouble !== undefined) this.say(trouble, 'warn');
  }

  private admit(socket: Socket): void {
    const name = `unix:${++this.count}`;
    const { broadcast, say } = this;
    if (broadcast.isFull) {
      say(`client ${name} refused: ${broadcast.limit} clients are connected; more with -c`, 'warn');
      socket.on('error', () => undefined);
      this.waiting.enter(socket, '');
      void dismiss(socket, `{"event":"refused","reason":"too many clients","clients":${broadcast.limit}}\n`);
      return;
    }
    broadcast.add(new EventClient(socket, name, { lostLine: broadcast.lostLine, onGone: (client) => broadcast.leave(client, say) }));
    say(`client ${name} connected, ${broadcast.size} of ${broadcast.limit}`, 'info');
  }
}
