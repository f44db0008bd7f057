// Servers of process events that the test drives itself, and plain clients of them.

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { EventServers, type ServerOptions } from '../../src/processes/servers.js';
import type { TcpOptions } from '../../src/processes/tcp_server.js';
import { PATIENCE_MS, until } from './command.js';
import { withDirectory } from './httplog.js';

export const PASSWORD = 'correct horse battery staple';

export interface TestServers {
  readonly servers: EventServers;
  readonly directory: string;
  /** of the Unix socket */
  readonly path: string;
  /** of TCP on 127.0.0.1 */
  readonly port: number;
  /** what was said so far, a line a message */
  said(): string;
}

export interface TestServerOptions {
  readonly clients?: number;
  /** false: none */
  readonly unix?: boolean | Partial<NonNullable<ServerOptions['unix']>>;
  /** false: none */
  readonly tcp?: boolean | Partial<TcpOptions>;
}

/** Opens both kinds of servers in a directory of their own; closes them afterwards. */
export async function withServers(options: TestServerOptions, use: (test: TestServers) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, 'processes.sock');
    const said: string[] = [];
    const { unix = true, tcp = true, clients = 10 } = options;
    const servers = await EventServers.open({
      unix: unix === false ? undefined : { path, mode: 0o660, ...(unix === true ? {} : unix) },
      tcp: tcp === false ? undefined : {
        listen: { address: '127.0.0.1', port: 0 }, password: Buffer.from(PASSWORD), tls: undefined,
        failures: { firstDelayMs: 1, most: 1000, refusedMs: 60_000, addresses: 16 }, ...(tcp === true ? {} : tcp),
      },
      clients,
      say: (text, level) => said.push(`${level}: ${text}`),
    });
    const port = Number(/:(\d+)$/.exec(servers.addresses.at(-1) ?? '')?.[1] ?? 0);
    try {
      await use({ servers, directory, path, port, said: () => said.join('\n') });
    } finally {
      await servers.close();
    }
  });
}

/** A client that keeps everything it gets. */
export class TestClient {
  private readonly chunks: Buffer[] = [];
  private length = 0;
  isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.length += chunk.length;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  get bytes(): number {
    return this.length;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  async gets(what: string | RegExp, timeoutMs = PATIENCE_MS): Promise<void> {
    const has = typeof what === 'string' ? () => this.text.includes(what) : () => what.test(this.text);
    await until(`a client to get ${what}`, has, timeoutMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; it has ${JSON.stringify(this.text.slice(-200))}`, { cause: error });
    });
  }

  async closes(timeoutMs = PATIENCE_MS): Promise<void> {
    await until('a client to see the end', () => this.isClosed, timeoutMs);
  }
}

export function connectUnix(path: string): TestClient {
  return new TestClient(connect(path));
}

export function connectTcp(port: number, localAddress?: string): TestClient {
  return new TestClient(connect({ host: '127.0.0.1', port, ...(localAddress === undefined ? {} : { localAddress }) }));
}

/** A client that is let in. */
export async function authenticate(port: number, password = PASSWORD): Promise<TestClient> {
  const client = connectTcp(port);
  await client.gets('Password: ');
  client.socket.write(`${password}\n`);
  await client.gets('Authentication successful.\n');
  return client;
}

/** An event as a server has it. */
export function eventLine(number: number, padding = 0): Buffer {
  return Buffer.from(`{"event":"exec","pid":${number},"user":"root","cmdline":"sleep ${'x'.repeat(padding)} "}\n`);
}

/** What a stream of lines holds: whole lines only, each of them JSON. @returns the pids of the events, and the events told as lost */
export function readEvents(text: string): { pids: number[]; lost: number } {
  const pids: number[] = [];
  let lost = 0;
  if (text !== '' && !text.endsWith('\n')) throw new Error(`the last line has no end: ${text.slice(-100)}`);
  for (const line of text.split('\n').slice(0, -1)) {
    const event = JSON.parse(line) as { event: string; pid: number; count: number };
    if (event.event === 'lost') lost += event.count;
    else pids.push(event.pid);
  }
  return { pids, lost };
}
