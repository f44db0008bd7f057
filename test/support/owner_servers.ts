// Servers and clients that say who they are, for the tests of attribution. A server answers with its own number in Content-Type,
// `pid/N`; a client asks for `/N`. The numbers are those of the host's PID namespace, wherever the process is: /proc says them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Running, startCommand, until } from './command.js';
import { inNamespace, type End } from './netns.js';

/**
 * How a connection comes to the process that answers:
 *
 *     child      one process accepts and forks: the child has the connection, and the listener no more
 *     sharing    the same, but the parent keeps the connection open, too
 *     both       the same, but the child keeps the listener, too
 *     passed     one process accepts and hands each connection to one that never had the listener (SCM_RIGHTS)
 *     listener   one process listens and hands the listener itself to another, which accepts (SCM_RIGHTS)
 *     activated  one process listens and keeps the listener; the program it starts finds it as descriptor 3, as systemd's services do
 *     inetd      one process accepts and starts a program for each connection, which finds it as descriptor 3
 *     reuseport  three processes, a listening socket each, at one port
 *     plain      one process accepts and answers
 *     late       the same, but it accepts only when it is told to (SIGUSR1)
 */
export type ServerMode = 'child' | 'sharing' | 'both' | 'passed' | 'listener' | 'activated' | 'inetd' | 'reuseport' | 'plain' | 'late';

const SERVER = `
import os, select, signal, socket, subprocess, sys
mode, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def me():
    return os.readlink('/proc/self')
def listening(reuse=False):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse: s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((host, port)); s.listen(64)
    return s
def serve(listener, connections, inbox=None):
    rest = {}
    while True:
        for s in select.select([*filter(None, (listener, inbox)), *connections], [], [])[0]:
            if s is listener: connections.append(s.accept()[0]); continue
            if s is inbox:
                data, fds, _, _ = socket.recv_fds(s, 1, 1)
                if not data: os._exit(0)
                connections.append(socket.socket(fileno=fds[0])); continue
            try: data = s.recv(65536)
            except OSError: data = b''
            if data:
                # A request may come in pieces.
                rest[s] = rest.get(s, b'') + data
                while b'\\r\\n\\r\\n' in rest[s]:
                    rest[s] = rest[s].split(b'\\r\\n\\r\\n', 1)[1]
                    s.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Type: pid/%s\\r\\nContent-Length: 0\\r\\n\\r\\n' % me().encode())
            else:
                connections.remove(s); rest.pop(s, None); s.close()
                if not connections and listener is None and inbox is None: os._exit(0)
def ready():
    os.write(2, b'ready %s\\n' % me().encode())
def run(name, fd):
    os.dup2(fd, 3); os.set_inheritable(3, True)
    os.execv(sys.executable, [sys.executable, '-c', os.environ['SERVER_TEXT'], name, host, str(port)])
if mode in ('child', 'sharing', 'both', 'inetd'):
    listener, kept = listening(), []
    ready()
    while True:
        c, _ = listener.accept()
        if os.fork() == 0:
            for other in kept: other.close()
            if mode != 'both': listener.close()
            if mode == 'inetd': run('connection', c.fileno())
            serve(None, [c])
        if mode in ('sharing', 'both'): kept.append(c)
        else: c.close()
elif mode in ('passed', 'listener'):
    near, far = socket.socketpair()
    if os.fork() == 0:
        near.close()
        if mode == 'passed': serve(None, [], far)
        serve(socket.socket(fileno=socket.recv_fds(far, 1, 1)[1][0]), [])
    far.close()
    listener = listening()
    if mode == 'listener':
        socket.send_fds(near, [b'x'], [listener.fileno()]); listener.close(); ready(); signal.pause()
    ready()
    while True:
        c, _ = listener.accept()
        socket.send_fds(near, [b'x'], [c.fileno()]); c.close()
elif mode == 'activated':
    listener = listening()
    if os.fork() == 0: run('listener-at-3', listener.fileno())
    ready()
    signal.pause()
elif mode == 'listener-at-3': serve(socket.socket(fileno=3), [])
elif mode == 'connection': serve(None, [socket.socket(fileno=3)])
elif mode == 'reuseport':
    s = listening(True)
    for _ in range(2):
        if os.fork() == 0:
            s.close(); s = listening(True); ready(); serve(s, [])
    ready()
    serve(s, [])
else:
    s = listening()
    if mode == 'late':
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); ready(); signal.sigwait([signal.SIGUSR1])
    ready(); serve(s, [])
`;

/** Asks on each of several connections again and again until it is ended. */
const CLIENT = `
const [host, port, connections, pauseMs] = process.argv.slice(1);
const me = require('node:fs').readlinkSync('/proc/self');
for (let i = 0; i < Number(connections); i++) {
  const socket = require('node:net').connect(Number(port), host);
  const ask = () => socket.write('GET /' + me + ' HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n');
  socket.on('connect', ask).on('data', () => setTimeout(ask, Number(pauseMs))).on('error', () => process.exit(1));
}`;

/** Python: `clone_as(number)` forks a child that has this number, which nobody else may have; it takes root. ctypes, signal and struct are imported. */
export const CLONE_AS = `
libc = ctypes.CDLL(None, use_errno=True)
CLONE3 = 435
def clone_as(number):
    wanted = (ctypes.c_int * 1)(number)
    # struct clone_args of linux/sched.h: exit_signal is the 5th, set_tid and its size are the 9th and 10th
    arguments = struct.pack('11Q', 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(wanted), 1, 0)
    return libc.syscall(CLONE3, ctypes.create_string_buffer(arguments, len(arguments)), len(arguments))
`;

let pythonPath: string | undefined;

/** The interpreter itself, not a script that finds it: what /proc/PID/exe says. */
export function python(): string {
  pythonPath ??= command(['python3', '-c', 'import os, sys; print(os.path.realpath(sys.executable))']).trim();
  return pythonPath;
}

export interface OwnerServer {
  /** of the process that was started, or of the first that said so */
  readonly pid: number;
  /** Ends all of its processes. */
  stop(): Promise<void>;
}

/**
 * Starts a server and resolves once it listens.
 * @param where undefined: here
 * @param prefix put before the command: `unshare …`
 */
export async function startOwnerServer(mode: ServerMode, where: End | undefined, host: string, port: number, prefix: readonly string[] = []): Promise<OwnerServer> {
  // setsid gives its processes a group of their own, by which all of them are ended.
  const argv = [...prefix, 'setsid', '-w', 'env', `SERVER_TEXT=${SERVER}`, python(), '-c', SERVER, mode, host, String(port)];
  const running = startCommand(where === undefined ? argv : inNamespace(where, argv));
  const wanted = mode === 'reuseport' ? 3 : 1;
  const told = (): number[] => [...running.stderr().matchAll(/^ready (\d+)$/gm)].map(([, pid]) => Number(pid));
  await until(`the ${mode} server`, () => {
    if (running.child.exitCode !== null) throw new Error(`the ${mode} server ended: ${running.stderr()}`);
    return told().length >= wanted;
  });
  const [pid] = told();
  const group = groupOf(pid);
  return {
    pid,
    stop: () => {
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // it ended by itself
      }
      return running.stop('SIGKILL');
    },
  };
}

function groupOf(pid: number): number {
  return Number(command(['ps', '-o', 'pgid=', '-p', String(pid)]).trim());
}

/** Starts a client that asks on several connections, one request each every `pauseMs`, until it is stopped. */
export function startAsking(where: End | undefined, host: string, port: number, connections: number, pauseMs = 40, prefix: readonly string[] = []): Running {
  const argv = [...prefix, process.execPath, '-e', CLIENT, host, String(port), String(connections), String(pauseMs)];
  const running = startCommand(where === undefined ? argv : inNamespace(where, argv));
  // unshare(1) does not listen to less.
  return { ...running, stop: () => running.stop('SIGKILL') };
}

/**
 * Starts nginx with three workers that share what they listen on, as another user; header field X-Pid names the worker.
 * @param listens its `listen` directives' parameters
 */
export async function startPreforkNginx(where: End | undefined, listens: readonly string[]): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-nginx-'));
  mkdirSync(join(directory, 'tmp'));
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, `
daemon off;
user nobody nogroup;
worker_processes 3;
pid ${directory}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/tmp/${name};`).join('\n  ')}
  keepalive_requests 1000000;
  server {
    ${listens.map((listen) => `listen ${listen};`).join('\n    ')}
    location / { default_type text/plain; add_header X-Pid $pid; return 200 ""; }
  }
}
`);
  const argv = ['nginx', '-p', directory, '-e', 'stderr', '-c', file];
  const running = startCommand(where === undefined ? argv : inNamespace(where, argv));
  const workers = (): string[] => command(['ps', '-o', 'pid=', '--ppid', String(running.child.pid)]).trim().split(/\s+/);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    await running.stop(signal);
    rmSync(directory, { recursive: true, force: true });
  };
  await until('the workers of nginx', () => {
    if (running.child.exitCode !== null) throw new Error(`nginx ended: ${running.stderr()}`);
    try {
      return workers().length === 3;
    } catch {
      return false; // none yet: ps says so with its exit status
    }
  });
  return { ...running, stop };
}
