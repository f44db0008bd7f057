// httplog connections -u USER: who the process is afterwards, thread by thread, that it goes on with what it is left, and that it leaves
// nothing of root's behind. -d DIR: where its files go.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { NOBODY, asNobodyWith, readableProgram, threadsOf, type ReadableProgram } from '../support/as_user.js';
import { tryCommand, until } from '../support/command.js';
import { HTTPLOG, killStarted, parseJsonLines, startHttplog, withDirectory, type RunningHttplog } from '../support/httplog.js';
import { sizeOf } from '../support/disk.js';
import { isAlive, readProc } from '../support/proc.js';

type Line = Record<string, unknown>;
const BASH = realpathSync('/bin/bash');
const NODE = realpathSync(process.execPath);
const READY = /ready, \w+ goes to/;
const INSTANCES = '/sys/kernel/tracing/instances';
/** CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE */
const FOLLOWING = '0000000000080004';
const NONE = '0000000000000000';

/** A server of this very process, root's. */
async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket: Socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** A client of root's that stays until it is told to go. */
async function callFrom(port: number): Promise<{ pid: number; end(): Promise<void> }> {
  const child = spawn('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; echo up; read x`], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid!,
    end: async () => {
      const over = once(child, 'exit');
      child.stdin.end();
      await over;
    },
  };
}

/** Shells that a process started, which run as root. */
function janitorsOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap(({ Pid }) => readFileSync(`/proc/${pid}/task/${Pid}/children`, 'latin1').trim().split(' '));
  return children.filter((text) => text !== '').map(Number);
}


function assertReduced(pid: number): void {
  const id = Array.from({ length: 4 }, () => NOBODY).join('\t');
  const threads = threadsOf(pid);
  for (const { Uid, Gid, Groups, CapInh, CapPrm, CapEff, CapAmb, NoNewPrivs } of threads) {
    assert.deepEqual({ Uid, Gid, Groups, CapInh, CapAmb, NoNewPrivs }, { Uid: id, Gid: id, Groups: String(NOBODY), CapInh: NONE, CapAmb: NONE, NoNewPrivs: '1' });
    assert.ok(CapPrm === NONE || CapPrm === FOLLOWING, CapPrm);
    assert.equal(CapEff, CapPrm);
  }
  assert.equal(threads[0]['CapPrm'], NONE, 'the main thread, which writes files');
  assert.equal(threads.filter(({ CapPrm }) => CapPrm === FOLLOWING).length, 1, 'the thread that follows connections');
  assert.equal(statSync(`/proc/${pid}/fd`).uid, 0, 'no process of the user can ptrace it');
}

describe('httplog connections without root', function () {
  this.timeout(180_000);
  let program: ReadableProgram;
  before(() => {
    program = readableProgram();
  });
  after(() => {
    killStarted();
    program.remove();
  });

  const start = async (args: readonly string[], become: readonly string[] = []): Promise<RunningHttplog> => {
    const running = startHttplog(undefined, ['connections', ...args], { prefix: program.prefix(become) });
    await running.says(READY);
    return running;
  };
  /** Open to everybody, as /var/log is. */
  const inOpenDirectory = (use: (directory: string) => Promise<void>): Promise<void> => withDirectory(async (directory) => {
    chmodSync(directory, 0o755);
    await use(directory);
  });
  const linesIn = (path: string): Line[] => {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return parseJsonLines(text.slice(0, text.lastIndexOf('\n') + 1));
  };

  it('traces as another user, names the processes of root, and has its files be that user\'s', () => inOpenDirectory(async (parent) => {
    const directory = join(parent, 'made/logs');
    const running = await start(['-u', 'nobody', '-d', directory, '-o', 'json', '-source', 'trace']);
    assert.match(running.stderr, /source: trace/);
    assert.match(running.stderr, /^httplog: runs as user nobody \(uid 65534, gid 65534\), capabilities: CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE$/m);
    assertReduced(running.pid);
    const path = join(directory, 'connections.json');
    assert.match(running.stderr, new RegExp(`ready, json goes to ${path}$`, 'm'));

    const { server, port } = await listen();
    const client = await callFrom(port);
    const mine = (file = path): Line[] => linesIn(file).filter((line) => line['rport'] === port || line['lport'] === port);
    await running.holds('both ends', () => mine().filter(({ event }) => event === 'established').length >= 2);
    const end = (direction: string): Line | undefined => mine().find((line) => line['direction'] === direction && line['event'] === 'established');
    assert.deepEqual([end('out')?.['pid'], end('out')?.['exe'], end('out')?.['proc_via']], [client.pid, BASH, 'connect']);
    assert.deepEqual([end('in')?.['pid'], end('in')?.['exe'], end('in')?.['proc_via']], [process.pid, NODE, 'listener']);
    for (const [made, mode] of [[path, 0o100640], [directory, 0o040750], [join(parent, 'made'), 0o040750]] as const) {
      const status = statSync(made);
      assert.deepEqual([status.uid, status.gid, status.mode], [NOBODY, NOBODY, mode], made);
    }
    await client.end();
    const calls = (): unknown => tryCommand(['bash', '-c', `: </dev/tcp/127.0.0.1/${port}`]);
    await running.holds('bytes of an end', () => {
      calls();
      return mine().some((line) => line['event'] === 'close' && line['bytes_sent'] !== undefined);
    });

    const asking = createSocket('udp4').bind(0, '127.0.0.1');
    await once(asking, 'listening');
    asking.send('question', port, '127.0.0.1');
    await running.holds('UDP', () => linesIn(path).some((line) => line['protocol'] === 'udp' && line['rport'] === port && line['pid'] === process.pid));
    asking.close();

    renameSync(path, `${path}.old`);
    running.child.kill('SIGHUP');
    await running.holds('the file made anew', () => {
      calls();
      return sizeOf(path) > 0;
    });
    assert.equal(statSync(path).uid, NOBODY);
    assertReduced(running.pid);
    server.close();

    const janitors = janitorsOf(running.pid);
    assert.equal(janitors.length, 1);
    assert.ok(existsSync(`${INSTANCES}/httplog-${running.pid}`));
    const { status, stderr } = await running.end('SIGTERM');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /lost: 0 changes of TCP state/);
    assert.doesNotMatch(stderr, /permi|cannot/);
    assert.equal(existsSync(`${INSTANCES}/httplog-${running.pid}`), false);
    assert.ok(!existsSync(`/proc/${janitors[0]}`), 'it has ended, and httplog has waited for it');
  }));

  it('leaves no tracing instance and no process of root\'s when it is killed', () => inOpenDirectory(async (directory) => {
    const running = await start(['-u', 'nobody', '-d', join(directory, 'logs'), '-source', 'trace', '-p', 'tcp']);
    const [janitor] = janitorsOf(running.pid);
    // It outlives what would end it: only the end of the run does.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(janitor, signal);
    assert.ok(isAlive(janitor));
    await running.end('SIGKILL');
    // Its parent is gone: when somebody waits for what is left of it is the business of whatever process 1 is, which looks once in a while.
    await until('the end of the janitor', () => !isAlive(janitor)).catch((error: unknown) => {
      throw new Error(`${readProc(`${janitor}/status`)} ${readProc(`${janitor}/stack`)}`, { cause: error });
    });
    assert.equal(existsSync(`${INSTANCES}/httplog-${running.pid}`), false);
  }));

  it('mounts tracefs where it is not, and has it unmounted at the end', () => withDirectory(async (directory) => {
    const script = join(directory, 'unmounted');
    writeFileSync(script, 'umount /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; "$@"; code=$?; grep -c "/sys/kernel/tracing " /proc/self/mounts >&2; exit $code\n');
    const running = await start(['-u', 'nobody', '-source', 'trace', '-p', 'tcp'], ['sh', script]);
    assert.match(running.stderr, /tracefs mounted at \/sys\/kernel\/tracing$/m);
    assert.match(running.stderr, /source: trace/);
    const inner = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, 'latin1').trim();
    process.kill(Number(inner), 'SIGTERM');
    const { status, stderr } = await running.end();
    assert.equal(status, 0, stderr);
    assert.match(stderr, /\n0\n$/, 'no tracefs is left in its mount namespace');
  }));

  for (const source of ['capture', 'poll'] as const) {
    it(`follows by ${source} as another user, without a process of root's beside it`, async () => {
      const { server, port } = await listen();
      const running = await start(['-u', 'nobody', '-o', 'json', '-p', 'tcp', '-source', source, ...(source === 'poll' ? ['-poll', '0.2'] : [])]);
      assertReduced(running.pid);
      assert.deepEqual(janitorsOf(running.pid), []);
      const client = await callFrom(port);
      const lines = (): Line[] => parseJsonLines(running.stdout.slice(0, running.stdout.lastIndexOf('\n') + 1));
      const called = (): Line | undefined => lines().find((line) => line['rport'] === port && line['event'] === 'established');
      await running.holds('the client', () => called() !== undefined);
      assert.deepEqual([called()?.['pid'], called()?.['exe']], [client.pid, BASH]);
      assert.equal(lines().find((line) => line['event'] === 'listen' && line['lport'] === port)?.['pid'], process.pid);
      await client.end();
      server.close();
      assert.equal((await running.end('SIGTERM')).status, 0);
    });
  }

  it('needs both of the capabilities it keeps, and no other, to name processes of others', async () => {
    const { server, port } = await listen();
    const exeWith = async (...capabilities: readonly string[]): Promise<unknown> => {
      const running = await start(['-o', 'json', '-p', 'tcp', '-poll', '0.2', '-lport', String(port)], asNobodyWith(...capabilities));
      await running.holds('the listener', () => running.stdout.includes('\n'));
      const missing = ['dac_read_search', 'sys_ptrace'].filter((name) => !capabilities.includes(name)).map((name) => `CAP_${name.toUpperCase()}`);
      const warning = /processes of other users are unknown: seeing them takes (.*), which root has/.exec(running.stderr)?.[1];
      assert.equal(warning, missing.length === 0 ? undefined : missing.join(', '));
      assert.equal((await running.end('SIGTERM')).status, 0);
      return parseJsonLines(running.stdout)[0]['exe'];
    };
    assert.equal(await exeWith('dac_read_search', 'sys_ptrace'), NODE);
    assert.equal(await exeWith('dac_read_search'), 'unknown');
    assert.equal(await exeWith('sys_ptrace'), 'unknown');
    server.close();
  });

  it('keeps the two files of lognet and the rotated one of conmon in the log directory', () => inOpenDirectory(async (parent) => {
    const { server, port } = await listen();
    const directory = join(parent, 'logs');
    const lognet = await start(['-u', 'nobody', '-d', directory, '-o', 'lognet', '-plog', 'who.log', '-poll', '0.2', '-lport', String(port)]);
    await lognet.holds('the listener', () => sizeOf(join(directory, 'connections.log')) > 0 && sizeOf(join(directory, 'who.log')) > 0);
    assert.match(readFileSync(join(directory, 'connections.log'), 'utf8'), new RegExp(` LISTEN node\\|${process.pid}\\|`));
    assert.equal((await lognet.end('SIGTERM')).status, 0);

    const conmon = await start(['-u', 'nobody', '-d', directory, '-o', 'conmon', '-max_bytes', '1K', '-backup_count', '2', '-source', 'trace', '-rport', String(port)]);
    const file = join(directory, 'connections.csv');
    await conmon.holds('two files beside it', () => {
      tryCommand(['bash', '-c', `for i in 1 2 3 4 5 6; do : </dev/tcp/127.0.0.1/${port}; done`]);
      return existsSync(`${file}.2`);
    });
    assert.equal((await conmon.end('SIGTERM')).status, 0);
    for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).uid, NOBODY, name);
    server.close();
  }));

  it('says in one line why it cannot become a user, or that user cannot write', () => inOpenDirectory(async (directory) => {
    const shut = join(directory, 'shut');
    mkdirSync(shut, { mode: 0o755 });
    const asNobody = asNobodyWith();
    for (const [args, become, status, words] of [
      [['-u', 'no-such-user'], [], 2, /^httplog: option -u: there is no user 'no-such-user'; make one \(useradd --system\), or take nobody/],
      [['-u', 'nobody', '-d', shut], [], 1, /^httplog: cannot write \S+\/shut\/connections\.log: permission denied \(EACCES\); check owner and mode, or choose another directory with -d \(as user nobody, -u\)$/],
      [['-u', 'nobody', '-o', 'lognet', '-clog', join(shut, 'c'), '-plog', join(shut, 'p')], [], 1, /^httplog: cannot write \S+\/shut\/c: .*name other files with -clog and -plog, or give --fallback-dir DIR \(as user nobody, -u\)$/],
      [['-u', 'daemon', '-poll', '1'], asNobody, 1, /^httplog: cannot become user daemon: this process is user 65534, and without CAP_SETGID, CAP_SETUID; start it with sudo, or leave -u \(HTTPLOG_U\) out$/],
    ] as const) {
      const { status: exit, stdout, stderr } = tryCommand([...program.prefix(become), HTTPLOG, 'connections', ...args]);
      assert.deepEqual([exit, stdout], [status, ''], stderr);
      assert.match(stderr.trimEnd(), words);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    }
  }));
});
