// The thread that finds processes (-proc): what it counts adds up with the records, it breaks and is replaced, and it goes without root.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { type Server, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../scripts/project.js';
import { breakable, breakThread } from '../support/breaking_thread.js';
import { command, until } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { finalReport, lastReport } from '../support/totals.js';
import { readSamples } from '../support/telemetry.js';

type Line = Record<string, unknown>;
const PORT = 18_190;
const METRICS_PORT = 19_190;
/** One of 127.0.0.0/8 that nobody else uses. */
const HOST = `127.${64 + (process.pid & 63)}.${(process.pid >> 6) & 255}.${128 + ((process.pid >> 14) & 63)}`;
/** Another run of this test may use the same port at the same time, with another address: its connections are not in this one's ledger. */
const CAPTURE = ['-i', 'lo', '-p', String(PORT), '-f', `host ${HOST}`, '-d', '-', '-o', 'json', '-proc'];

/** `12 this + 3 that (1 other)`: the numbers by what they are of. */
function numbers(text: string): Record<string, number> {
  return Object.fromEntries([...text.matchAll(/(\d+) ([a-z][a-z ]*[a-z])/g)].map(([, number, what]) => [what, Number(number)]));
}

function lineOf(stderr: string, form: RegExp): RegExpExecArray {
  const lines = stderr.split('\n').map((line) => form.exec(line)).filter((match) => match !== null);
  return lines.at(-1) ?? assert.fail(`no ${String(form)} in ${stderr}`);
}

const known = (lines: readonly Line[]): Line[] => lines.filter((line) => 'pid' in line);

describe('live: the thread that finds processes', function () {
  this.timeout(90_000);
  let server: Server;
  before(async () => {
    // Answers and closes at once, as servers of HTTP/1.0 do.
    server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', (data: Buffer) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        if (!data.includes('/kept')) socket.end();
      });
    }).listen(PORT, HOST);
    await once(server, 'listening');
  });
  afterEach(killStarted);
  after(() => server.close());

  const ask = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const socket = connect(PORT, HOST);
      socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      socket.resume();
      await once(socket, 'close');
    }
  };
  /** Asks on one connection until a record of it has its process. @returns how many records that took */
  const askUntilKnown = async (capture: RunningHttplog, before: number): Promise<number> => {
    const socket = connect(PORT, HOST).resume();
    let count = before;
    for (let tries = 0; tries < 100 && known(linesOf(capture).slice(before)).length === 0; tries++) {
      socket.write('GET /kept HTTP/1.1\r\nHost: h\r\n\r\n');
      count += 2;
      await holds(capture, count);
    }
    socket.destroy();
    assert.ok(known(linesOf(capture).slice(before)).length > 0, capture.stderr);
    return count - before;
  };
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningHttplog =>
    startHttplog(undefined, [...CAPTURE, ...args], { env });
  const linesOf = ({ stdout }: RunningHttplog): Line[] => parseJsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1));
  const holds = (capture: RunningHttplog, count: number): Promise<void> => capture.holds(`${count} records`, () => linesOf(capture).length >= count);

  for (const user of [[], ['-u', 'nobody']] as const) {
    it(`counts every record once, with a process or without, ${user.length === 0 ? 'as root' : 'and has the trace without root'}`, async () => {
      const capture = await start([...user, '-metrics', `${HOST}:${METRICS_PORT}`]).ready();
      assert.doesNotMatch(capture.stderr, /without the kernel's trace/);
      await ask(60);
      await holds(capture, 120);
      const count = 120 + await askUntilKnown(capture, 120);
      const metrics = (): Map<string, number> => readSamples(command(['curl', '-s', '--max-time', '5', `http://${HOST}:${METRICS_PORT}/metrics`]));
      await until('every line counted', () => (metrics().get('httplog_lines_written_total') ?? 0) >= count);
      const samples = metrics();
      assert.equal(samples.get('httplog_process_thread_up'), 1);
      const { stderr, status, stdout } = await capture.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const lines = parseJsonLines(stdout);
      for (const line of known(lines)) assert.equal(line['pid'], process.pid, JSON.stringify(line));
      const [source] = finalReport(stderr).sources;
      const [, found, foundBy, missing, reasons] = lineOf(stderr, /of the records (\d+) with a process(?: \((.*?)\))? \+ (\d+) without(?: \((.*)\))?$/);
      assert.equal(Number(found) + Number(missing), Object.values(source.records).reduce((sum, number) => sum + number, 0));
      assert.deepEqual([Number(found), Number(missing)], [known(lines).length, lines.length - known(lines).length]);
      assert.ok(Number(found) > 0, stderr);
      const sum = (text = ''): number => Object.values(numbers(text)).reduce((total, number) => total + number, 0);
      assert.deepEqual([sum(foundBy), sum(reasons)], [Number(found), Number(missing)]);
      for (const [via, count] of Object.entries(numbers(foundBy ?? ''))) {
        assert.equal(lines.filter((line) => line['proc_via'] === via).length, count);
        assert.equal(samples.get(`httplog_records_with_process_total{interface="lo",via="${via}"}`), count);
      }
      const [, begun, parts, more = ''] = lineOf(stderr, /processes: (\d+) look-ups = (.*?)(?: \((.*)\))?$/);
      assert.equal(sum(parts), Number(begun));
      // Who connects is told by the trace: each of those that this test opened at least.
      assert.ok((numbers(more)['told by the trace'] ?? 0) >= 60, stderr);
      const [, asked, became] = lineOf(stderr, /processes: (\d+) asked = (.*?);/);
      assert.equal(sum(became), Number(asked));
      if (user.length > 0) assert.match(stderr, /runs as user nobody .*, capabilities: CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_PTRACE$/m);
    });
  }

  it('has the trace with the capabilities that the drop-in of the systemd unit gives, and says without which it goes', async () => {
    const dropIn = readFileSync(join(ROOT, 'scripts/systemd/proc.conf'), 'utf8');
    const [, given] = /^AmbientCapabilities=(.*)$/m.exec(dropIn) ?? assert.fail(dropIn);
    const as = (names: readonly string[]): string[] => {
      const list = names.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`).join(',');
      return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', `--inh-caps=-all,${list}`, `--ambient-caps=-all,${list}`, `--bounding-set=-all,${list}`];
    };
    const all = ['CAP_NET_RAW', ...given.split(' ')];
    for (const [names, hasTrace] of [[all, true], [all.filter((name) => name !== 'CAP_PERFMON'), false]] as const) {
      const capture = await startHttplog(undefined, CAPTURE, { prefix: as(names) }).ready();
      await ask(10);
      await holds(capture, 20);
      await askUntilKnown(capture, 20);
      const { status, stderr, stdout } = await capture.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.equal(/without the kernel's trace.*perf events: refused: .* \(CAP_PERFMON is needed\)/.test(stderr), !hasTrace, stderr);
      assert.equal(/told by the trace/.test(stderr), hasTrace, stderr);
      const lines = known(parseJsonLines(stdout));
      for (const line of lines) assert.equal(line['pid'], process.pid);
    }
  });

  it('breaks and is replaced: records go on, tell processes again, and no descriptor is left', async () => {
    await withDirectory(async (tokens) => {
      const capture = await start([], breakable('owners', tokens)).ready();
      const sockets = (): number => readdirSync(`/proc/${capture.pid}/fd`).filter((fd) => {
        try {
          return readlinkSync(`/proc/${capture.pid}/fd/${fd}`).startsWith('socket:');
        } catch {
          return false; // closed meanwhile
        }
      }).length;
      const before = sockets();
      let count = 0;
      for (const [round, how] of (['throw', 'exit'] as const).entries()) {
        breakThread(tokens, how);
        await capture.holds(`replacement ${round}`, () => capture.stderr.split('records tell processes again').length > round + 1);
        assert.equal(sockets(), before);
        count += await askUntilKnown(capture, count);
      }
      const { status, stderr, stdout } = await capture.end('SIGTERM');
      assert.equal(status, 0, stderr);
      for (const line of known(parseJsonLines(stdout))) assert.equal(line['pid'], process.pid);
      assert.equal(stderr.split('the thread that finds processes broke, another takes its place').length, 3, stderr);
      assert.match(stderr, /broken on purpose/);
      assert.match(stderr, /; 2 threads replaced$/m);
      const [, begun, parts] = lineOf(stderr, /processes: (\d+) look-ups = (.*?)(?: \((.*)\))?$/);
      assert.equal(Object.values(numbers(parts)).reduce((total, number) => total + number, 0), Number(begun));
    });
  });

  it('breaks too often: the run says so, goes on without, and ends with 1', async () => {
    await withDirectory(async (directory) => {
      const tokens = join(directory, 'tokens');
      mkdirSync(tokens);
      const capture = await start([], breakable('owners', tokens)).ready();
      for (let i = 0; i < 30; i++) breakThread(tokens, 'throw');
      await capture.says(/records do not tell processes any more: more than 8 threads that find them broke within 10 minutes/);
      await ask(3);
      await holds(capture, 6);
      assert.deepEqual(known(linesOf(capture)), []);
      const { status, stderr } = await capture.end('SIGTERM');
      assert.equal(status, 1);
      assert.equal(lastReport(stderr).linesLost, 0);
      assert.match(stderr, /\+ 6 without \(6 thread down\)$/m);
      assert.match(stderr, /; 8 threads replaced, none answers$/m);
    });
  });

  it('that cannot begin keeps the run from beginning', async () => {
    await withDirectory(async (tokens) => {
      breakThread(tokens, 'throw');
      const { status, stderr, stdout } = await start([], breakable('owners', tokens)).end();
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /broken on purpose/);
    });
  });
});
