// How many short-lived connections carry the right process: clients that connect and are gone, with a ledger of their own.
//
//   node dist/bench/connections.js [SECONDS]          (root)
//
// Two loads one after the other: curl started again and again by a shell, and forks of one program that connect and end at once.
// Both are paced so that about half a core stays idle on two. The ledger of each client is its own PID and local port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const HTTPLOG = fileURLToPath(new URL('../../bin/httplog', import.meta.url));
const SETTLE_MS = 2000;

interface Client {
  readonly pid: number;
  readonly exe: string;
}

/** By local port. */
type Ledger = Map<number, Client>;
type Line = Record<string, unknown>;

const FORKS = `
import os, socket, sys, time
end = time.time() + float(sys.argv[2]); n = 0
while time.time() < end:
    pid = os.fork()
    if pid == 0:
        s = socket.socket()
        try:
            s.connect(('127.0.0.1', int(sys.argv[1])))
            os.write(1, b'%d %d\\n' % (os.getpid(), s.getsockname()[1]))
        finally:
            os._exit(0)
    n += 1
    while n > 8:
        os.wait(); n -= 1
    time.sleep(float(sys.argv[3]))
`;
const CURLS = 'end=$((SECONDS + $2)); while [ $SECONDS -lt $end ]; do curl -s -o /dev/null -w "%{local_port}\\n" http://127.0.0.1:$1/ & p=$!; wait $p; echo "$p"; done';

async function load(name: string, seconds: number, port: number): Promise<Ledger> {
  const ledger: Ledger = new Map();
  const [argv, exe] = name === 'curl'
    ? [['bash', '-c', CURLS, 'bash', String(port), String(seconds)], realpathSync('/usr/bin/curl')]
    : [['python3', '-c', FORKS, String(port), String(seconds), '0.002'], ''];
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const path = exe === '' ? await exeOf(child.pid ?? 0) : exe;
  let pending = 0;
  for await (const line of createInterface(child.stdout)) {
    const [first, second] = line.split(' ').map(Number);
    if (second !== undefined) ledger.set(second, { pid: first, exe: path });
    else if (pending === 0) pending = first;
    else {
      ledger.set(pending, { pid: first, exe: path });
      pending = 0;
    }
  }
  return ledger;
}

async function exeOf(pid: number): Promise<string> {
  await sleep(300); // a wrapper may replace itself
  return realpathSync(`/proc/${pid}/exe`);
}

function judge(ledger: Ledger, lines: readonly Line[], port: number): Record<string, number> {
  const counts = { connections: ledger.size, right: 0, pidOnly: 0, unknown: 0, wrong: 0, missing: 0 };
  const told = new Map(lines.filter((line) => line['event'] === 'established' && line['rport'] === port && line['direction'] === 'out')
    .map((line) => [line['lport'] as number, line]));
  for (const [localPort, { pid, exe }] of ledger) {
    const line = told.get(localPort);
    if (line === undefined) counts.missing++;
    else if (line['pid'] === undefined) counts.unknown++;
    else if (line['pid'] !== pid || (line['exe'] !== exe && line['exe'] !== 'unknown')) counts.wrong++;
    else if (line['exe'] === 'unknown') counts.pidOnly++;
    else counts.right++;
  }
  return counts;
}

function idleTicks(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

const seconds = Number(process.argv[2] ?? 10);
const server = createServer((socket) => {
  socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
for (const name of ['curl', 'forks']) {
  const httplog = spawn(HTTPLOG, ['connections', '-source', 'trace', '-p', 'tcp', '-o', 'json', '-rport', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let said = '';
  httplog.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  httplog.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('ready,')) await sleep(50);
  const [idle, beganMs] = [idleTicks(), performance.now()];
  const ledger = await load(name, seconds, port);
  const idleCores = (idleTicks() - idle) / (performance.now() - beganMs);
  await sleep(SETTLE_MS);
  httplog.kill('SIGTERM');
  await once(httplog, 'close');
  const lines = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  const counts = judge(ledger, lines, port);
  console.log(`${name}: ${Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(', ')}; ${(100 * counts['right'] / counts['connections']).toFixed(2)} % right; ${(ledger.size / seconds).toFixed(0)} a second, ${idleCores.toFixed(2)} cores idle`);
  console.log(said.split('\n').filter((line) => /lost:/.test(line)).join('\n'));
}
server.close();
