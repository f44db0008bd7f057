// Replay of standard input: from tcpdump while it captures, from a pipe that stalls, from files, packed or not.

import assert from 'node:assert/strict';
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { command, until } from '../support/command.js';
import { assertSameRecords, expectedRecords } from '../support/compare.js';
import { fixturePath } from '../support/fixtures.js';
import { cleanEnvironment, HTTPLOG, httplog, killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { readProc } from '../support/proc.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { finalReport } from '../support/totals.js';
import { baseUrl, runScenarios } from '../support/traffic.js';

const KEEP_ALIVE = fixturePath('basic-keepalive.pcap');

/** What open(2) would have been given for a descriptor as it is now; 0 when the process is gone. */
const flagsOf = (pid: number, fd: number): number => Number.parseInt(/^flags:\s*(\d+)/m.exec(readProc(`${pid}/fdinfo/${fd}`) ?? '')?.[1] ?? '0', 8);

describe('replay: standard input', function () {
  this.timeout(180_000);
  after(killStarted);

  it('every kind of capture comes through a pipe as it does from its file', () => {
    for (const file of ['basic-keepalive.pcap', 'big-endian-nanoseconds.pcap', 'two-sections.pcapng', 'gzip.pcap.gz', 'pcapng-gzip.pcapng.gz', 'cut-file.pcap']) {
      const path = fixturePath(file);
      const fromFile = httplog(['-r', path, '-p', '80,8080']);
      const fromPipe = httplog(['-r', '-', '-p', '80,8080'], { input: readFileSync(path) });
      assert.deepEqual([fromPipe.status, fromPipe.stdout], [fromFile.status, fromFile.stdout], file);
      assert.ok(fromPipe.stdout.length > 0, file);
    }
  });

  it('standard input that is a file, and one beside other files', async () => {
    const fd = openSync(KEEP_ALIVE, 'r');
    const { status, stdout } = await startHttplog(undefined, ['-r', '-'], { stdin: fd }).end();
    closeSync(fd);
    const alone = httplog(['-r', KEEP_ALIVE]).stdout;
    assert.deepEqual([status, stdout], [0, alone]);
    const both = httplog(['-r', '-', fixturePath('http10.pcap')], { input: readFileSync(KEEP_ALIVE) });
    assert.equal(both.status, 0, both.stderr);
    assert.equal(both.stdout, httplog(['-r', KEEP_ALIVE, fixturePath('http10.pcap')]).stdout);
  });

  it('garbage and nothing at all: one line, exit 1', () => {
    for (const input of ['no capture at all, whatever you think of it', '']) {
      const { status, stdout, stderr } = httplog(['-r', '-'], { input });
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /^httplog: standard input: [^\n]+\n$/);
    }
  });

  it('-c ends with the last packet wanted, though the pipe stalls right behind it', async () => {
    const whole = readFileSync(KEEP_ALIVE);
    let behind = 24;
    for (let packet = 0; packet < 5; packet++) behind += 16 + whole.readUInt32LE(behind + 8);
    for (const options of [[], ['-f', 'tcp', '-cpu', '2']]) {
      const running = startHttplog(undefined, ['-r', '-', '-c', '5', ...options], { stdin: 'pipe' });
      running.child.stdin!.write(whole.subarray(0, behind));
      const { status, stderr } = await running.end();
      assert.equal(status, 0, stderr);
      assert.match(stderr, /: 5 handed over = 5 parsed \+ 0 skipped$/m);
    }
  });

  it('what has arrived is written while the pipe stalls, and SIGTERM then ends it at once', async () => {
    const whole = readFileSync(KEEP_ALIVE);
    const all = httplog(['-r', KEEP_ALIVE]).stdout;
    const running = startHttplog(undefined, ['-r', '-'], { stdin: 'pipe' });
    running.child.stdin!.write(whole.subarray(0, whole.length - 500));
    await running.holds('the records so far', () => running.stdout.split('\n').length > 8);
    const { status, stdout, stderr } = await running.end('SIGTERM'); // the pipe stalls for ever
    assert.equal(status, 0, stderr);
    assert.ok(all.startsWith(stdout));
    assert.equal(finalReport(stderr).linesWritten, stdout.split('\n').length - 1);
  });

  it('a pipe that stalls before its first byte ends by SIGTERM as well', async () => {
    const running = startHttplog(undefined, ['-r', '-'], { stdin: 'pipe' });
    // The handlers stand before it opens its input, which makes that one that does not block.
    await running.holds('the wait for the pipe', () => (flagsOf(running.pid, 0) & constants.O_NONBLOCK) !== 0);
    const { status, stdout, stderr } = await running.end('SIGTERM');
    assert.deepEqual([status, stdout], [0, ''], stderr);
  });

  describe('from tcpdump', () => {
    let network: TestNetwork;
    let nginx: WebServer;
    before(async () => {
      network = makeNetwork('e2estdin');
      nginx = await startNginx(network.server);
    });
    after(async () => {
      await nginx?.stop();
      network?.close();
    });

    it('tcpdump -w - | httplog -r -: the records of the wire, while they come and at the end', async () => {
      await withDirectory(async (directory) => {
        const copy = `${directory}/copy.pcap`;
        const pipeline = `tcpdump -n -U --immediate-mode -Z root -i ${network.server.device} -w - tcp port 80 2>'${directory}/tcpdump' `
          + `| tee '${copy}' | '${HTTPLOG}' -r - -o json`;
        const [program, ...args] = inNamespace(network.server, ['sh', '-c', pipeline]);
        const child = spawn(program, args, { cwd: '/', env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
        const ended = new Promise((resolve) => child.once('close', resolve));
        const said = `${directory}/tcpdump`;
        await until('tcpdump to listen', () => existsSync(said) && readFileSync(said, 'utf8').includes('listening on'));
        runScenarios(network.client, baseUrl(network.server), ['keepAlive', 'chunked', 'postSmall', 'head', 'redirect']);
        await until('the records', () => parseJsonLines(out.slice(0, out.lastIndexOf('\n') + 1)).length >= 18);
        process.kill(tcpdumpIn(network.server.namespace), 'SIGINT');
        assert.equal(await ended, 0);
        assertSameRecords(parseJsonLines(out), expectedRecords(copy), 18);
      });
    });
  });
});

/** The tcpdump of a namespace of our own. */
function tcpdumpIn(namespace: string): number {
  const pids = command(['ip', 'netns', 'pids', namespace]).trim().split('\n').map(Number);
  const found = pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tcpdump\n');
  assert.ok(found !== undefined);
  return found;
}
