// -u USER: who the process is afterwards, thread by thread, and that it goes on with what it is left.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NOBODY, type ReadableProgram, asNobodyWith, readableProgram, threadsOf } from '../support/as_user.js';
import { command, tryCommand } from '../support/command.js';
import { HTTPLOG, killStarted, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { pcap } from '../support/savefile_builder.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { lastReport } from '../support/totals.js';
import { curl } from '../support/traffic.js';
import { request } from './libpcap_frames.js';

const NET_RAW = '0000000000002000';
const NONE = '0000000000000000';

describe('live: without root', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  let program: ReadableProgram;
  before(async () => {
    network = makeNetwork('e2epriv');
    program = readableProgram();
    nginx = await startNginx(network.server);
    addLate();
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
    program?.remove();
  });

  const ip = (...args: string[]): string => command(['ip', '-n', network.server.namespace, ...args]);
  /** A wire of its own to the client, which comes and goes. */
  function addLate(): void {
    const leaf = network.client.namespace;
    ip('link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1', 'netns', leaf);
    ip('addr', 'add', '198.18.9.1/24', 'dev', 'late0');
    ip('link', 'set', 'late0', 'up');
    command(['ip', '-n', leaf, 'addr', 'add', '198.18.9.2/24', 'dev', 'late1']);
    command(['ip', '-n', leaf, 'link', 'set', 'late1', 'up']);
  }
  const ask = (target: string): unknown => curl(network.client, [`http://198.18.9.1/${target}`]);
  const start = (args: readonly string[], become: readonly string[] = []): RunningHttplog =>
    startHttplog(network.server, ['-i', 'late0', ...args], { prefix: program.prefix(become) });
  /** Shut to everybody but root and who is given what lies in it. */
  const inOpenDirectory = (use: (directory: string) => Promise<void> | void): Promise<void> => withDirectory(async (directory) => {
    chmodSync(directory, 0o755);
    await use(directory);
  });

  function assertReduced(pid: number): void {
    const threads = threadsOf(pid);
    assert.ok(threads.length > 8, 'Node\'s own, libuv\'s, the capture thread and two workers');
    const id = Array.from({ length: 4 }, () => NOBODY).join('\t');
    for (const thread of threads) {
      const { Uid, Gid, Groups, CapInh, CapPrm, CapEff, CapAmb, NoNewPrivs } = thread;
      assert.deepEqual({ Uid, Gid, Groups, CapInh, CapAmb, NoNewPrivs },
        { Uid: id, Gid: id, Groups: String(NOBODY), CapInh: NONE, CapAmb: NONE, NoNewPrivs: '1' }, JSON.stringify(thread));
      assert.ok(CapPrm === NONE || CapPrm === NET_RAW, CapPrm);
      assert.equal(CapEff, CapPrm);
      // Threads with a capability are those that may start others: the main one, the capture thread, the parsing workers.
      if (CapPrm === NET_RAW) assert.equal(thread['CapBnd'], NET_RAW);
    }
    assert.equal(statSync(`/proc/${pid}/fd`).uid, 0, 'it is not dumpable: no process of the user can ptrace it');
    const able = threads.filter(({ CapEff }) => CapEff === NET_RAW);
    assert.equal(threads[0]['CapEff'], NET_RAW, 'the main thread, which starts the others');
    assert.equal(able.length, 4, 'main, capture, two workers');
  }

  for (const way of ['afpacket', 'libpcap']) {
    it(`every thread is the user's, and ${way} goes on: next file, SIGHUP, an interface made anew`, async () => {
      await inOpenDirectory(async (parent) => {
        const directory = join(parent, 'made', 'logs');
        const httplog = await start(['-u', 'nobody', '-capture', way, '-cpu', '2', '-d', directory]).ready();
        assert.match(httplog.stderr, /^httplog: runs as user nobody \(uid 65534, gid 65534\), capabilities: CAP_NET_RAW$/m);
        assertReduced(httplog.pid);
        const name = (): string => readdirSync(directory).find((found) => /^http-\d{8}\.log$/.test(found)) ?? 'none';
        const logged = (target: string, file = name()): boolean => existsSync(join(directory, file))
          && readFileSync(join(directory, file), 'utf8').includes(` CQ GET /${target} `);
        ask('one');
        await httplog.holds('the first record', () => logged('one'));
        const path = join(directory, name());
        for (const [made, mode] of [[path, 0o100640], [directory, 0o040750], [join(directory, '.httplog.lock'), 0o100640]] as const) {
          const status = statSync(made);
          assert.deepEqual([status.uid, status.gid, status.mode], [NOBODY, NOBODY, mode], made);
        }

        renameSync(path, `${path}.old`);
        httplog.child.kill('SIGHUP');
        await httplog.holds('the reopened file', () => {
          ask('two');
          return logged('two');
        });
        assert.equal(statSync(path).uid, NOBODY);
        // As at midnight: a file that is not there yet.
        rmSync(path);
        await httplog.holds('the new file', () => {
          ask('three');
          return logged('three');
        });

        ip('link', 'del', 'late0');
        await httplog.says(/late0: the interface vanished/);
        addLate();
        await httplog.says(/late0: capture resumed/);
        ask('four');
        await httplog.holds('a record of the new interface', () => logged('four'));
        assertReduced(httplog.pid);
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /permi|promiscuous/);
        assert.equal(lastReport(stderr).linesLost, 0);
      });
    });
  }

  it('from the environment and with a number; to standard output; groups of root go', async () => {
    const prefix = ['setpriv', '--groups=0,4,27', 'env', `HTTPLOG_U=${NOBODY}`];
    const httplog = await start(['-d', '-', '-cpu', '2'], prefix).ready();
    assertReduced(httplog.pid);
    ask('out');
    const { status, stdout, stderr } = await httplog.end('SIGTERM');
    assert.equal(status, 0, stderr);
    assert.match(stdout, / CQ GET \/out /);
  });

  it('nobody\'s process with CAP_NET_RAW as systemd gives it captures, promiscuous, comes back to an interface made anew, and keeps its files in order', async () => {
    await inOpenDirectory(async (directory) => {
      chownSync(directory, NOBODY, NOBODY);
      for (const more of [[], ['-u', 'nobody']]) {
        const old = join(directory, `http-202001${10 + more.length}.log`);
        writeFileSync(old, 'a line\n');
        chownSync(old, NOBODY, NOBODY);
        const httplog = await start(['-d', directory, '-compress', ...more], asNobodyWith('net_raw')).ready();
        for (const { Uid, CapEff, CapPrm, CapBnd } of threadsOf(httplog.pid)) {
          assert.deepEqual([Uid.split('\t')[1], CapEff, CapPrm, CapBnd], [String(NOBODY), NET_RAW, NET_RAW, NET_RAW]);
        }
        assert.equal(statSync(`/proc/${httplog.pid}/fd`).uid, more.length > 0 ? 0 : NOBODY);
        assert.match(ip('-d', 'link', 'show', 'late0'), /promiscuity [1-9]/);
        ip('link', 'del', 'late0');
        await httplog.says(/late0: the interface vanished/);
        addLate();
        await httplog.says(/late0: capture resumed/);
        ask('ambient');
        await httplog.holds('the work on old files', () => existsSync(`${old}.gz`) && !existsSync(old));
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /permi|promiscuous/);
        assert.equal(lastReport(stderr).sources[0].records['CQ'], 1, stderr);
      }
    });
  });

  describe('refuses, in one line, and captures nothing', () => {
    async function refused(httplog: RunningHttplog, status: number, line: RegExp): Promise<void> {
      const result = await httplog.end();
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, line);
      assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
      assert.equal(result.stdout, '');
    }

    it('a user there is not: exit 2', async () => {
      await refused(start(['-d', '-', '-u', 'no-such-user']), 2, /^httplog: option -u: there is no user 'no-such-user'/);
    });

    it('root by another spelling: exit 2', async () => {
      await refused(start(['-d', '-', '-u', '0x0']), 2, /there is no user/);
      await refused(start(['-d', '-', '-u', '00']), 2, /-u: cannot use '00'/);
    });

    it('a change that the process may not make: the capability', async () => {
      await refused(start(['-d', '-', '-u', 'nobody'], ['setpriv', '--bounding-set=-setgid']), 1, /cannot become user nobody.*CAP_SETGID.*sudo/);
      await refused(start(['-d', '-', '-u', 'daemon'], asNobodyWith('net_raw')), 1,
        /cannot become user daemon: this process is user 65534, .*CAP_SETGID, CAP_SETUID/);
    });

    it('a thread that would keep more than it should', async () => {
      await refused(start(['-d', '-', '-u', 'nobody'], asNobodyWith('net_raw', 'net_admin')), 1, /thread \d+ still has CAP_NET_ADMIN; leave -u \(HTTPLOG_U\) out/);
    });

    it('a kernel that keeps capabilities across the change of users', async () => {
      await refused(start(['-d', '-', '-u', 'nobody'], ['setpriv', '--securebits=+no_setuid_fixup']), 1, /thread \d+ still has CAP_CHOWN/);
    });

    it('a kernel that does not do, or does not do everywhere, what it is asked', async () => {
      const failing = (call: string): string[] => ['strace', '-f', '-o', '/dev/null', '-e', `inject=${call}:error=EPERM`];
      await refused(start(['-d', '-', '-u', 'nobody'], failing('capset')), 1, /cannot reduce the privileges of user nobody to CAP_NET_RAW: Operation not permitted/);
      await refused(start(['-d', '-', '-u', 'nobody'], failing('setgroups')), 1, /cannot become user nobody: .*EPERM/);
      await refused(start(['-d', '-', '-u', 'nobody'], failing('seccomp')), 1, /thread \d+ still has ways to gain privileges \(no_new_privs is not set\)/);
    });

    it('a log directory, or a file in it, that is not that user\'s', async () => {
      await inOpenDirectory(async (directory) => {
        await refused(start(['-u', 'nobody', '-d', directory]), 1, new RegExp(`cannot log to ${directory} as user nobody.*chown -R nobody ${directory}`));
        const before = await start(['-d', join(directory, 'logs')]).ready();
        ask('by-root');
        await before.end('SIGTERM');
        chownSync(join(directory, 'logs'), NOBODY, NOBODY);
        chownSync(join(directory, 'logs', '.httplog.lock'), NOBODY, NOBODY);
        await refused(start(['-u', 'nobody', '-d', join(directory, 'logs')]), 1, /http-\d{8}\.log is not that user's to write.*chown -R nobody/);
        mkdirSync(join(directory, 'shut'), { mode: 0o700 });
        await refused(start(['-u', 'nobody', '-d', join(directory, 'shut', 'logs', 'deep')]), 1, /a directory above it is closed to that user/);
      });
    });

    it('a program that the user cannot read, for a thread could not be replaced', async () => {
      const shut = readableProgram(0o700);
      try {
        const httplog = startHttplog(network.server, ['-i', 'late0', '-d', '-', '-u', 'nobody'], { prefix: shut.prefix() });
        await refused(httplog, 1, /user nobody cannot read httplog's own \S+\.js: install httplog where every user can read it/);
      } finally {
        shut.remove();
      }
    });
  });

  it('as that user already, in a sandbox that has seen to all and allows no change', () => {
    // As the unit: its system call filter refuses capset.
    const become = [...asNobodyWith(), 'strace', '-f', '-o', '/dev/null', '-e', 'inject=capset,seccomp:error=EPERM'];
    const { status, stdout, stderr } = tryCommand([...program.prefix(become), HTTPLOG, '-utc', '-u', 'nobody', '-r', '-'], pcap({}, [{ seconds: 0, fraction: 0, data: request(100) }]));
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^httplog: runs as user nobody \(uid 65534, gid 65534\), capabilities: none$/m);
    assert.match(stdout, /^1970-01-01 .* CQ GET \/ /);
  });

  it('a replay keeps no capability at all, and the files of every day are the user\'s', async () => {
    await inOpenDirectory((parent) => {
      const directory = join(parent, 'logs');
      const days = [0, 1, 400].map((day) => ({ seconds: day * 86_400, fraction: 0, data: request(100) }));
      const { status, stderr } = tryCommand([...program.prefix(), HTTPLOG, '-utc', '-u', 'nobody', '-d', directory, '-r', '-'], pcap({}, days));
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^httplog: runs as user nobody \(uid 65534, gid 65534\), capabilities: none$/m);
      const files = readdirSync(directory).filter((name) => name.startsWith('http-'));
      assert.deepEqual(files.sort(), ['http-19700101.log', 'http-19700102.log', 'http-19710205.log']);
      for (const file of files) assert.equal(statSync(join(directory, file)).uid, NOBODY);
    });
  });
});
