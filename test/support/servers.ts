// Real servers inside a namespace: nginx with a configuration of our own, and the peer that says any bytes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Running } from './command.js';
import { startCommand, tryCommand, until } from './command.js';
import type { End } from './netns.js';
import { inNamespace } from './netns.js';

export interface WebServer {
  readonly pid: number;
  readonly ports: readonly number[];
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** Sizes of the files it serves as /file-SIZE.bin, in bytes. */
export const FILE_SIZES = [0, 100, 1000, 5000, 20_000, 50_000, 200_000] as const;

export const RAW_PEER = fileURLToPath(new URL('./raw_peer.js', import.meta.url));

/**
 * Starts nginx on every address of the namespace and resolves once it answers.
 *
 *     /, /file-SIZE.bin   static, with Content-Length       /text         chunked (gzip too, if accepted)
 *     /old                301 to /                          /nothing      204 to any method
 *     /echo               200 with a short text to any      /dav/         PUT, DELETE, MKCOL, COPY, MOVE
 *     anything else       404
 */
export async function startNginx(where: End, ports: readonly number[] = [80, 8080]): Promise<WebServer> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-nginx-'));
  writeContent(join(directory, 'root'));
  mkdirSync(join(directory, 'tmp'));
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, nginxConfiguration(directory, ports));
  const running = startCommand(inNamespace(where, ['nginx', '-p', directory, '-e', 'stderr', '-c', configuration]));
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const port of ports) {
      await untilListening(running, where, port);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: running.child.pid ?? 0, ports, stop };
}

/** Starts a server that gives answer N to the Nth message it receives, byte for byte. */
export async function startRawServer(where: End, port: number, answers: readonly Uint8Array[]): Promise<WebServer> {
  const running = startCommand(inNamespace(where, [process.execPath, RAW_PEER, 'server', '::', String(port)]),
    JSON.stringify(answers.map((answer) => Buffer.from(answer).toString('base64'))));
  await until('the raw server', () => {
    assertRunning(running);
    return running.stderr().includes('ready');
  });
  return { pid: running.child.pid ?? 0, ports: [port], stop: () => running.stop() };
}

/** By connecting over lo, so that a capture of the veth that runs already does not see it. */
async function untilListening(running: Running, where: End, port: number): Promise<void> {
  await until(`port ${port} of ${where.namespace}`, () => {
    assertRunning(running);
    return tryCommand(inNamespace(where, ['curl', '-s', '-o', '/dev/null', `http://127.0.0.1:${port}/`])).status === 0;
  });
}

function assertRunning(running: Running): void {
  if (running.child.exitCode !== null) {
    throw new Error(`the server ended: ${running.stderr().trim()}`);
  }
}

function writeContent(root: string): void {
  mkdirSync(join(root, 'dav'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>httplog</title><p>Hello.</p>\n');
  writeFileSync(join(root, 'text'), 'A line that is sent in chunks, as nobody knows its final length.\n'.repeat(40));
  for (const size of FILE_SIZES) {
    writeFileSync(join(root, `file-${size}.bin`), Buffer.alloc(size, 'httplog '));
  }
}

/** One process in the foreground: what is stopped by PID is all of it. */
function nginxConfiguration(directory: string, ports: readonly number[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${directory}/tmp/${name};`).join('\n  ')}
  default_type application/octet-stream;
  types { text/html html; }
  large_client_header_buffers 4 32k;
  client_max_body_size 8m;
  keepalive_requests 1000000;
  server {
    ${ports.map((port) => `listen ${port}; listen [::]:${port};`).join('\n    ')}
    root ${directory}/root;
    location = /text { default_type text/plain; gzip on; gzip_types text/plain; sub_filter_types text/plain; sub_filter final last; }
    location = /old { return 301 /; }
    location = /nothing { return 204; }
    location = /echo { default_type text/plain; return 200 "$request_method $request_length\\n"; }
    location /dav/ { dav_methods PUT DELETE MKCOL COPY MOVE; }
  }
}
`;
}
