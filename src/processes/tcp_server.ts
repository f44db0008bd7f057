// Events for who knows the password, from anywhere the address can be reached from.
//
//   server  Password:                                      no line end
//   client  the password, a line
//   server  Authentication successful.                     then events
//           Authentication failed. Disconnecting.          then the end
//           Too many clients. Disconnecting.               the password was right; then the end
//
// With TLS all of that happens inside of it. Nobody who has not said the password gets an event, or keeps anybody else waiting.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket, type SecureContext } from 'node:tls';
import { formatListenAddress } from '../config/operation_rows.js';
import type { ListenAddress } from '../config/settings.js';
import { systemReason } from '../log/log_error.js';
import type { Broadcast } from './broadcast.js';
import { EndpointError, type Say } from './endpoint_error.js';
import { EventClient } from './event_client.js';
import { countedAddress, FAILURE_LIMITS, Failures, type FailureLimits } from './failures.js';
import { FULL, PROMPT, WELCOME, WRONG } from './handshake_words.js';
import { readLine } from './input_line.js';
import { MOST_PASSWORD_BYTES, PasswordCheck } from './password.js';
import { dismiss } from './socket_end.js';
import { readTlsKeys, type TlsFiles } from './tls_keys.js';
import { WaitingRoom } from './waiting_room.js';


const AUTHENTICATION_MS = 10_000;
/** A host that vanished is asked for after so long without traffic; ten questions later, a second apart, it is gone (libuv). */
const KEEP_ALIVE_MS = 30_000;

export interface TcpOptions {
  readonly listen: ListenAddress;
  readonly password: Uint8Array;
  /** undefined: everything in the clear */
  readonly tls: TlsFiles | undefined;
  /** default 10 s */
  readonly authenticationMs?: number;
  /** default FAILURE_LIMITS */
  readonly failures?: FailureLimits;
}

export class TcpServer {
  private readonly server: Server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  private readonly waiting = new WaitingRoom();
  private readonly check: PasswordCheck;
  private readonly failures: Failures;
  private keys: SecureContext | undefined;

  private constructor(private readonly options: TcpOptions, private readonly broadcast: Broadcast, private readonly say: Say) {
    this.check = new PasswordCheck(options.password);
    this.failures = new Failures(options.failures ?? FAILURE_LIMITS);
    this.keys = options.tls && readTlsKeys(options.tls);
  }

  /** @throws EndpointError when it cannot listen there, or cannot use its certificate */
  static async open(options: TcpOptions, broadcast: Broadcast, say: Say): Promise<TcpServer> {
    const tcp = new TcpServer(options, broadcast, say);
    await listen(tcp.server, options.listen);
    tcp.server.on('connection', (socket) => tcp.admit(socket));
    tcp.server.on('error', (error) => say(`the TCP server cannot take a connection: ${error.message}`, 'warn'));
    return tcp;
  }

  /** Where it listens; the port that the system chose for port 0. */
  get address(): ListenAddress {
    const { port } = this.server.address() as AddressInfo;
    return { address: this.options.listen.address, port };
  }

  get isSecure(): boolean {
    return this.keys !== undefined;
  }

  /** Reads certificate and key again, for connections to come; keeps what it has when they cannot be used. */
  reload(): void {
    if (this.options.tls === undefined) return;
    try {
      this.keys = readTlsKeys(this.options.tls);
      this.say('the TLS certificate was read again', 'info');
    } catch (error) {
      this.say(`${error instanceof Error ? error.message : String(error)}; the TLS certificate stays as it was`, 'warn');
    }
  }

  /** Takes no more clients and ends what is not authenticated; clients stay. */
  close(): void {
    this.server.close();
    this.waiting.clear();
  }

  private admit(socket: Socket): void {
    socket.on('error', () => undefined);
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) {
      socket.destroy(); // gone before we looked
      return;
    }
    this.waiting.enter(socket, countedAddress(remoteAddress));
    const name = formatListenAddress({ address: remoteAddress, port: remotePort ?? 0 });
    void this.receive(socket, name, countedAddress(remoteAddress));
  }

  /** From the connection to a client, or to the end of the connection. Never rejects. */
  private async receive(raw: Socket, name: string, counted: string): Promise<void> {
    const { broadcast, say } = this;
    const socket = this.keys === undefined ? raw : secure(raw, this.keys);
    const late = setTimeout(() => {
      say(`client ${name} did not authenticate in time`, 'info');
      void dismiss(socket, WRONG);
    }, this.options.authenticationMs ?? AUTHENTICATION_MS);
    raw.once('close', () => clearTimeout(late));
    socket.write(PROMPT);
    const line = await readLine(socket, MOST_PASSWORD_BYTES);
    if (socket.destroyed || socket.writableEnded) return;
    clearTimeout(late);
    if (!this.isRight(line, name, counted)) {
      // What it sends meanwhile waits in its own buffer, and it in the waiting room.
      await sleep(this.failures.delayMs(counted), undefined, { ref: false });
      await dismiss(socket, WRONG);
      return;
    }
    if (broadcast.isFull) {
      say(`client ${name} refused: ${broadcast.limit} clients are connected; more with -c`, 'warn');
      await dismiss(socket, FULL);
      return;
    }
    this.waiting.leave(raw);
    socket.write(WELCOME);
    broadcast.add(new EventClient(socket, name, { lostLine: broadcast.lostLine, onGone: (client) => broadcast.leave(client, say) }));
    say(`client ${name} authenticated, ${broadcast.size} of ${broadcast.limit}`, 'info');
  }

  private isRight(line: Buffer | undefined, name: string, counted: string): boolean {
    const { failures, say } = this;
    // Compared even where the answer is settled, so that its time tells nothing.
    const right = line !== undefined && this.check.matches(line);
    if (failures.refuses(counted)) {
      say(`client ${name} refused: too many wrong passwords from there`, 'warn');
      return false;
    }
    if (right) {
      failures.forget(counted);
      return true;
    }
    say(`client ${name} failed to authenticate, ${failures.add(counted)} in a row from there`, 'warn');
    return false;
  }
}

/** The server's end of TLS over a connection: what is written waits for the handshake. */
function secure(raw: Socket, secureContext: SecureContext): Socket {
  const socket = new TLSSocket(raw, { isServer: true, secureContext, requestCert: false });
  socket.on('error', () => socket.destroy());
  return socket;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another one with -t',
  EADDRNOTAVAIL: 'the address is not one of this host; choose another one with -t',
  EACCES: 'not permitted; choose a port from 1024 on with -t',
};

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REASONS[error.code ?? ''] ?? systemReason(error);
      reject(new EndpointError(`cannot listen on ${formatListenAddress(address)}: ${why}`));
    });
    server.listen({ host: address.address, port: address.port, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
