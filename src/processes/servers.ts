// The ways out that are sockets, as one sink: every client hears the same, wherever it came in.

import { formatListenAddress } from '../config/operation_rows.js';
import { parseAddress } from '../config/network.js';
import type { ListenAddress } from '../config/settings.js';
import { Broadcast } from './broadcast.js';
import type { Say } from './endpoint_error.js';
import { lostLine, type EventSink } from './event_sink.js';
import type { SocketPlace } from './socket_file.js';
import { TcpServer, type TcpOptions } from './tcp_server.js';
import { UnixServer } from './unix_server.js';

export interface ServerOptions {
  /** undefined: no Unix socket */
  readonly unix: SocketPlace | undefined;
  /** undefined: no TCP */
  readonly tcp: TcpOptions | undefined;
  /** clients at a time, from both */
  readonly clients: number;
  readonly say: Say;
}

export class EventServers implements EventSink {
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly broadcast: Broadcast, private readonly unix: UnixServer | undefined, private readonly tcp: TcpServer | undefined,
  ) {}

  /**
   * Opens them; clients are let in at once.
   * @throws EndpointError, LogError in one line for the user, with nothing left open
   */
  static async open({ unix, tcp, clients, say }: ServerOptions): Promise<EventServers> {
    const broadcast = new Broadcast(clients, (count) => Buffer.from(lostLine(count)));
    const tcpServer = tcp && await TcpServer.open(tcp, broadcast, say);
    try {
      const unixServer = unix && await UnixServer.open(unix, broadcast, say);
      if (tcp !== undefined && tcp.tls === undefined && !isLoopback(tcp.listen)) {
        say(`password and events cross the network in the clear at ${formatListenAddress(tcp.listen)}: use --tls-cert and --tls-key, or a tunnel`, 'warn');
      }
      return new EventServers(broadcast, unixServer, tcpServer);
    } catch (error) {
      tcpServer?.close();
      throw error;
    }
  }

  /** Where clients can come: `unix:/run/httplog/processes.sock`, `tcp:127.0.0.1:8080`, `tls:192.0.2.7:8080`. */
  get addresses(): string[] {
    const addresses: string[] = [];
    if (this.unix !== undefined) addresses.push(`unix:${this.unix.address}`);
    if (this.tcp !== undefined) addresses.push(`${this.tcp.isSecure ? 'tls' : 'tcp'}:${formatListenAddress(this.tcp.address)}`);
    return addresses;
  }

  get clients(): number {
    return this.broadcast.size;
  }

  /** Events that single clients did not get as they were too slow, each client's counted. */
  get eventsLost(): number {
    return this.broadcast.eventsLost;
  }

  publish(lines: Uint8Array, events: number): void {
    if (this.closing === undefined) this.broadcast.publish(lines, events);
  }

  lost(count: number): void {
    if (this.closing === undefined) this.broadcast.lost(count);
  }

  /** Takes up what may have been renewed: the TLS certificate. */
  reload(): void {
    this.tcp?.reload();
  }

  /** Removes the sockets at once; clients get what is queued for them, then the end: within some two seconds. */
  close(): Promise<void> {
    if (this.closing === undefined) {
      this.unix?.close();
      this.tcp?.close();
      this.closing = this.broadcast.close();
    }
    return this.closing;
  }
}

/** 127.0.0.0/8 and ::1. */
function isLoopback({ address }: ListenAddress): boolean {
  const bytes = parseAddress(address);
  return bytes?.length === 4 ? bytes[0] === 127 : address === '::1';
}
