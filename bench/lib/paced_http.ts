// HTTP over loopback at a given pace: nginx, and a client in Python that holds its connections open and asks on one after the other.
// Both ends are processes of this host, so that both have an owner.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { type Running, startCommand } from '../../test/support/command.js';
import { writeNginxConfiguration } from './nginx_configuration.js';

/**
 * Connects, says so; then for every line with a number of seconds asks that long, and says how many requests went out and how many
 * answers came. A connection is asked again when its last answer is there: a wait for it makes all others later, never more.
 */
const CLIENT = `import socket, sys, time
port, count, rate = (int(word) for word in sys.argv[1:4])
request = b'GET /items/4711?page=2 HTTP/1.1\\r\\nHost: www.example.test\\r\\nUser-Agent: bench/1.0\\r\\nAccept: */*\\r\\n\\r\\n'
ends = []
for _ in range(count):
    end = socket.create_connection(('127.0.0.1', port))
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ends.append(end)
print('connected', flush=True)
for line in iter(sys.stdin.readline, ''):
    seconds, sent, answers, late = float(line), 0, 0, 0
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        due = int(rate * elapsed) - sent
        if due < rate // 1000:
            time.sleep(0.001)
            continue
        late = max(late, due)
        for _ in range(due):
            end = ends[sent % count]
            if sent >= count and end.recv(4096): answers += 1
            end.send(request)
            sent += 1
    for i in range(min(sent, count)):
        if ends[(sent - 1 - i) % count].recv(4096): answers += 1
    print(sent, answers, late, flush=True)
`;

export interface Sent {
  readonly requests: number;
  readonly answers: number;
  /** most requests that were due at one time: above a millisecond's worth, the client did not get its turn */
  readonly mostDue: number;
}

export class PacedHttp {
  private constructor(
    private readonly server: Running, private readonly client: ChildProcess, private readonly lines: Interface, private readonly errors: () => string,
  ) {}

  /** @param rate requests a second, over all connections together */
  static async start(directory: string, port: number, connections: number, rate: number): Promise<PacedHttp> {
    const configuration = writeNginxConfiguration({
      directory, listen: `127.0.0.1:${port}`, connections: 2 * connections + 64, errorLog: 'stderr',
      http: 'keepalive_requests 1000000000; keepalive_timeout 3600s; tcp_nodelay on;',
    });
    const server = startCommand(['nginx', '-p', directory, '-e', 'stderr', '-c', configuration]);
    for (;;) {
      const client = spawn('python3', ['-c', CLIENT, String(port), String(connections), String(rate)], { stdio: ['pipe', 'pipe', 'pipe'] });
      const lines = createInterface(client.stdout).setMaxListeners(0); // its end is waited for beside each line
      let errors = '';
      client.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
      const first = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
      if (first[0] === 'connected') return new PacedHttp(server, client, lines, () => errors);
      if (!errors.includes('ConnectionRefused') || server.child.exitCode !== null) {
        await server.stop();
        throw new Error(`the client did not connect: ${errors}${server.stderr()}`);
      }
    }
  }

  /** Asks for so long. @throws Error when an answer is missing, or the client died */
  async send(seconds: number): Promise<Sent> {
    this.client.stdin?.write(`${seconds}\n`);
    const [line] = await Promise.race([once(this.lines, 'line'), once(this.lines, 'close')]) as [string | undefined];
    const [requests, answers, mostDue] = (line ?? '').split(' ').map(Number);
    if (requests !== answers || !(requests > 0)) throw new Error(`${answers} answers to ${requests} requests: ${this.errors()}${this.server.stderr()}`);
    return { requests, answers, mostDue };
  }

  async stop(): Promise<void> {
    this.client.stdin?.end();
    await once(this.client, 'close');
    await this.server.stop();
  }
}
