// A small HTTP server for machines that ask now and then: a few fixed paths, GET and HEAD, hard bounds on everything a client can
// hold on to. Whatever clients do, it neither throws nor ends the process.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatListenAddress } from '../config/operation_rows.js';
import type { ListenAddress } from '../config/settings.js';

const MOST_CONNECTIONS = 16;
const MOST_HEADER_BYTES = 8192;
const HEADERS_MS = 5_000;
const REQUEST_MS = 5_000;
/** Between requests of a connection. */
const KEEP_ALIVE_MS = 5_000;
/** Nothing moved on a connection for this long; twice as long where a client does not read its answer. */
export const IDLE_MS = 5_000;
const CHECK_MS = 1_000;

const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;
const TEXT = 'text/plain; charset=utf-8';

/** It cannot listen: one line for the user. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

export interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** By path. */
export type Routes = ReadonlyMap<string, () => Answer | Promise<Answer>>;

export interface HttpServer {
  readonly address: ListenAddress;
  /** Closes it and every connection. */
  close(): void;
}

/**
 * Serves the routes until close(); does not keep the process alive.
 * @param warn takes one line about what went wrong while serving
 * @throws EndpointError when it cannot listen there
 */
export async function serve(address: ListenAddress, routes: Routes, warn: (text: string) => void): Promise<HttpServer> {
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
  }, (request, response) => void answer(request, response, routes, warn));
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  await listen(server, address);
  server.on('error', (error) => warn(`the metrics endpoint cannot take a connection: ${error.message}`));
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    address: { address: address.address, port },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REASONS[error.code ?? ''] ?? error.message;
      reject(new EndpointError(`cannot serve metrics at ${formatListenAddress(address)}: ${why}`));
    });
    server.listen({ host: address.address, port: address.port, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; choose another one with -metrics',
  EADDRNOTAVAIL: 'the address is not one of this host; choose another one with -metrics',
  EMFILE: 'too many open files; raise their limit (ulimit -n)',
  EACCES: 'not permitted; choose a port from 1024 on with -metrics',
};

async function answer(request: IncomingMessage, response: ServerResponse, routes: Routes, warn: (text: string) => void): Promise<void> {
  // A body is of no use here, and is not waited for.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) response.shouldKeepAlive = false;
  response.on('error', () => undefined);
  try {
    const { method, url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      put(response, { status: 405, body: 'GET and HEAD only\n' }, { Allow: 'GET, HEAD' });
      return;
    }
    const route = routes.get(url.replace(/\?.*$/s, ''));
    put(response, route === undefined ? { status: 404, body: `there is ${[...routes.keys()].join(' and ')}\n` } : await route());
  } catch (error) {
    warn(`the metrics endpoint failed to answer: ${error instanceof Error ? error.message : String(error)}`);
    if (response.headersSent) response.destroy();
    else put(response, { status: 500, body: 'internal error\n' });
  }
}

function put(response: ServerResponse, { status, type = TEXT, body }: Answer, more: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...more });
  response.end(body);
}
