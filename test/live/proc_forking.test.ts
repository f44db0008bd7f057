// A server that forks and executes other programs all the time, as one does that runs a command for a request: from fork to exec a child has
// a copy of every connection, and has it alone when the server has answered and closed meanwhile. The server asks itself, so that one
// process has both ends of everything. It says its number with every request and answer: that is the ledger.

import assert from 'node:assert/strict';
import { type Running, startCommand, until } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { type End, inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { type Line, named } from '../support/owner_place.js';
import { python } from '../support/owner_servers.js';

const PORT = 18_141;
/** One of 127.0.0.0/8 that nobody else uses. */
const HOST = `127.${32 + (process.pid & 31)}.${(process.pid >> 5) & 255}.11`;
const CONNECTIONS = 600;

/** Every other child takes a while to its exec, as on a busy machine. Behind its connections it asks on one more until it is stopped. */
const FORKER = `
import os, socket, sys, threading, time
host, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
me = os.readlink('/proc/self')
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, port)); listener.listen(64)
def serve(c):
    data = b'x'
    try:
        while data and b'/last' not in data:
            data = c.recv(65536)
            if data: c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Type: pid/%s\\r\\nContent-Length: 0\\r\\n\\r\\n' % me.encode())
    except OSError: pass
    c.close()
def accept():
    while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
def fork(pause):
    while True:
        pid = os.fork()
        if pid == 0:
            time.sleep(pause)
            os.execv('/bin/true', ['true'])
        os.waitpid(pid, 0)
threading.Thread(target=accept, daemon=True).start()
for pause in (0, 0.02): threading.Thread(target=fork, args=(pause,), daemon=True).start()
os.write(2, b'ready %s\\n' % me.encode())
def ask(c, what):
    c.sendall(b'GET /%s/%s HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' % (me.encode(), what)); c.recv(65536)
for i in range(connections):
    c = socket.create_connection((host, port))
    for _ in range(i % 3): ask(c, b'first')
    ask(c, b'last'); c.close()
c = socket.create_connection((host, port))
while True: ask(c, b'kept'); time.sleep(0.02)
`;

function start(where: End | undefined, host: string): Running {
  const argv = [python(), '-c', FORKER, host, String(PORT), String(CONNECTIONS)];
  return startCommand(where === undefined ? argv : inNamespace(where, argv));
}

const readied = async (forker: Running): Promise<number> => {
  const said = (): RegExpExecArray | null => /^ready (\d+)$/m.exec(forker.stderr());
  await until('the forking server', () => said() !== null || forker.child.exitCode !== null);
  return Number(said()?.[1] ?? assert.fail(forker.stderr()));
};

const linesOf = ({ stdout }: RunningHttplog): Line[] => parseJsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1));

describe('live: the process behind a connection of a server that forks all the time', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  const running: Running[] = [];
  before(() => {
    network = makeNetwork('procfork');
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop('SIGKILL');
    killStarted();
  });
  after(() => network.close());

  for (const place of ['with process events and the trace', 'without'] as const) {
    it(`is never a child that has not begun its program yet: -proc, ${place}`, async () => {
      const [where, host] = place === 'without' ? [network.server, '127.0.0.1'] : [undefined, HOST];
      const capture = await startHttplog(where, ['-i', 'lo', '-p', String(PORT), '-f', `host ${host}`, '-d', '-', '-o', 'json', '-proc']).ready();
      const forker = start(where, host);
      running.push(forker);
      const pid = await readied(forker);
      await capture.holds('all connections, and one that is named', () => {
        const lines = linesOf(capture);
        return lines.some(({ target }) => String(target).endsWith('/kept')) && named(lines).some(({ kind }) => kind === 'CR');
      });
      for (const line of named(linesOf(capture))) assert.deepEqual([line['pid'], line['exe']], [pid, python()], JSON.stringify(line));
      assert.ok(linesOf(capture).filter(({ kind }) => kind === 'CR').length >= CONNECTIONS);
    });
  }

  it('is never such a child, at either end: httplog connections', async () => {
    const follower = startHttplog(undefined, ['connections', '-o', 'json', '-source', 'trace']);
    await follower.says(/ready, \w+ goes to/);
    const forker = start(undefined, HOST);
    running.push(forker);
    const pid = await readied(forker);
    const ended = (direction: string): Line[] => linesOf(follower).filter((line) => line['event'] === 'established' && line['direction'] === direction
      && line[direction === 'in' ? 'laddr' : 'raddr'] === HOST && line[direction === 'in' ? 'lport' : 'rport'] === PORT);
    for (const direction of ['in', 'out']) {
      await follower.holds(`every connection ${direction}`, () => ended(direction).length > CONNECTIONS);
      assert.ok(named(ended(direction)).length > 0);
      for (const line of named(ended(direction))) assert.equal(line['pid'], pid, JSON.stringify(line));
    }
  });
});
