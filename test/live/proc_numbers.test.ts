// A process's number comes again: whoever had it before is never told, and who has it now is not told of what the one before did.
// clone3(2) gives a process the number that is asked for; first the one before has to be gone.

import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { startCommand } from '../support/command.js';
import { type Line, named, OwnerPlace, PLACES, recordsOf } from '../support/owner_place.js';
import { CLONE_AS, python, startOwnerServer } from '../support/owner_servers.js';

const BASH = realpathSync('/bin/bash');
const ROUNDS = 8;

/**
 * `again`: a process asks for /A/NUMBER and ends; the next one has its number, is another user's and another program, and asks for
 * /B/NUMBER, the last one again and again. `heir`: a process connects and asks for /A/NUMBER, has a child that keeps the
 * connection, and ends; another program gets its number, and the child asks for /C/NUMBER of its own, again and again.
 */
const PROCESSES = `
import ctypes, os, signal, socket, struct, sys, time
mode, host, port, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
${CLONE_AS}def again(number, run):
    # The start of a process is told in hundredths of a second: that tells the two apart.
    time.sleep(0.03)
    for _ in range(100):
        child = clone_as(number)
        if child == 0: run()
        if child == number: return child
        time.sleep(0.01)
    sys.exit('no process %d: errno %d' % (number, ctypes.get_errno()))
def ask(s, name):
    s.sendall(b'GET /%s/%s HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' % (name, os.readlink('/proc/self').encode()))
    s.recv(65536)
def asking(times):
    os.setgid(65534); os.setuid(65534)
    os.execv('/bin/bash', ['bash', '-c', '''exec 3<>/dev/tcp/%s/%d
for ((i = 0; %d == 0 || i < %d; i++)); do printf 'GET /B/%%d HTTP/1.1\\\\r\\\\nHost: h\\\\r\\\\n\\\\r\\\\n' $$ >&3; while IFS= read -r -u 3 line && [ "$line" != $'\\\\r' ]; do :; done; sleep 0.04; done''' % (host, port, times, times)])
if mode == 'again':
    for left in range(rounds - 1, -1, -1):
        first = os.fork()
        if first == 0:
            s = socket.create_connection((host, port))
            for _ in range(3): ask(s, b'A')
            os._exit(0)
        os.waitpid(first, 0)
        os.waitpid(again(first, lambda: asking(2 if left else 0)), 0)
else:
    r, w = os.pipe()
    first = os.fork()
    if first == 0:
        s = socket.create_connection((host, port))
        for _ in range(20): ask(s, b'A'); time.sleep(0.04)
        if os.fork() == 0:
            os.close(w); os.read(r, 1)
            while True: ask(s, b'C'); time.sleep(0.04)
        os._exit(0)
    os.waitpid(first, 0)
    second = again(first, lambda: os.execv('/bin/bash', ['bash', '-c', 'while :; do read -t 1 <> <(:); done']))
    os.close(r); os.close(w)
    os.waitpid(second, 0)
`;

for (const place of PLACES) {
  describe(`live: the process behind a record, where numbers come again, ${place}`, function () {
    this.timeout(180_000);
    const at = new OwnerPlace(place, 'procnum');
    const begin = async (mode: 'again' | 'heir'): Promise<void> => {
      at.running.push(await startOwnerServer('plain', at.server, at.server.ipv4, 80));
      const children = startCommand(['setsid', '-w', ...at.atClient([python(), '-c', PROCESSES, mode, at.server.ipv4, '80', String(ROUNDS)])]);
      at.running.push({
        stop: () => {
          process.kill(-children.child.pid!, 'SIGKILL');
          return children.stop('SIGKILL');
        },
      });
    };
    const asker = ({ target }: Line): { name: string; pid: number } => ({ name: String(target)[1], pid: Number(String(target).slice(3)) });

    it('names each as what it is', async () => {
      const capture = await at.capture('client');
      await begin('again');
      const numbers = (name: string): Set<number> => new Set(recordsOf(capture, 'SQ').map(asker).filter((one) => one.name === name).map(({ pid }) => pid));
      await capture.holds('as many numbers that came again', () => numbers('B').size >= ROUNDS);
      assert.deepEqual([...numbers('B')], [...numbers('A')]);
      const last = [...numbers('B')][ROUNDS - 1];
      await capture.holds('the last one to be named', () => named(recordsOf(capture, 'SQ')).some((line) => asker(line).name === 'B' && line['pid'] === last));
      const lines = named(recordsOf(capture, 'SQ'));
      const guids = new Map<string, unknown>();
      for (const line of lines) {
        const { name, pid } = asker(line);
        assert.equal(line['pid'], pid, JSON.stringify(line));
        // Of one that was gone before it could be read, it is unknown.
        assert.ok([undefined, name === 'A' ? python() : BASH].includes(line['exe'] as string), JSON.stringify(line));
        assert.ok([undefined, name === 'A' ? 'root' : 'nobody'].includes(line['user'] as string), JSON.stringify(line));
        const who = `${name}${pid}`;
        if (guids.has(who)) assert.equal(line['guid'], guids.get(who), JSON.stringify(line));
        else guids.set(who, line['guid']);
      }
      const told = [...guids.values()].filter((guid) => guid !== undefined);
      assert.equal(new Set(told).size, told.length, 'no two have one guid');
    });

    it('names who kept a connection, not who got the number of the one that opened it', async () => {
      const capture = await at.capture('client');
      await begin('heir');
      const requests = (name: string): Line[] => recordsOf(capture, 'SQ').filter((line) => asker(line).name === name);
      await capture.holds('the heir to be named', () => named(requests('C')).some((line) => line['pid'] === asker(line).pid));
      const [{ pid: first }] = requests('A').map(asker);
      for (const line of named(requests('A'))) assert.deepEqual([line['pid'], line['exe']], [first, python()]);
      for (const line of named(requests('C'))) {
        // Handed on: at most a second late.
        assert.ok([first, asker(line).pid].includes(line['pid'] as number), JSON.stringify(line));
        assert.equal(line['exe'], python(), JSON.stringify(line));
      }
    });
  });
}
