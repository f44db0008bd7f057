import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandResult } from '../support/command.js';
import { tryCommand } from '../support/command.js';
import { isAlive } from '../support/proc.js';
import { Project, until } from './project.js';

/** Stands in for httplog: is ready after a moment, takes its signals, and fails or is stubborn when asked to. */
const MAIN = `
  const argv = process.argv.slice(2);
  const say = (text) => process.stderr.write('httplog: ' + text + '\\n');
  say('options ' + JSON.stringify(argv));
  if (argv.includes('-wrong')) { say('unknown option -wrong'); process.exit(2); }
  if (argv.includes('-denied')) { setTimeout(() => { say('no permission to capture'); process.exit(1); }, 300); }
  process.on('SIGHUP', () => say('reopened'));
  process.on('SIGTERM', () => { say('asked to end'); if (!argv.includes('-stubborn')) process.exit(0); });
  if (!argv.includes('-denied')) setTimeout(() => say('ready'), 200);
  setInterval(() => {}, 1000);
`;

describe('start_httplog.sh', function () {
  this.timeout(180_000);
  let project: Project;
  let script: string;

  beforeEach(() => {
    project = new Project(MAIN);
    script = project.path('scripts/start_httplog.sh');
  });
  afterEach(() => {
    const pid = existsSync(project.path('pid')) ? Number(project.read('pid').split('\n')[0]) : 0;
    if (pid > 0 && pid !== process.pid && isAlive(pid)) process.kill(pid, 'SIGKILL');
    project.remove();
  });

  const settings = (more: readonly string[] = []): string[] =>
    ['env', `PIDFILE=${project.path('pid')}`, `LOGFILE=${project.path('log')}`, ...more];
  const run = (...args: string[]): CommandResult => tryCommand([...settings(), script, ...args]);
  const runWith = (more: readonly string[], ...args: string[]): CommandResult => tryCommand([...settings(more), script, ...args]);
  /** Runs a command of the script that has to end with `status`, and gives what it said. */
  const expect = (status: number, ...args: string[]): string => {
    const result = run(...args);
    assert.equal(result.status, status, JSON.stringify(result));
    return result.stdout + result.stderr;
  };
  const pidOf = (): number => Number(project.read('pid').split('\n')[0]);
  const options = (): string[] => JSON.parse(/options (.*)/.exec(project.read('log'))?.[1] ?? '[]') as string[];

  it('starts, tells its status and stops, each of them twice without harm', () => {
    assert.match(expect(3, 'status'), /is not running/);
    assert.match(expect(0, 'start'), /is running \(PID \d+\)/);
    const pid = pidOf();
    assert.match(project.read('log'), /^httplog: ready$/m, 'start returned before httplog was ready');
    assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'node\n');
    assert.match(expect(0, 'start'), new RegExp(`already running \\(PID ${pid}\\)`));
    assert.equal(pidOf(), pid);
    assert.match(expect(0, 'status'), new RegExp(`is running \\(PID ${pid}\\)`));
    assert.match(expect(0, 'stop'), /is stopped/);
    assert.equal(isAlive(pid), false);
    assert.equal(existsSync(project.path('pid')), false);
    assert.match(project.read('log'), /asked to end/);
    assert.match(expect(3, 'status'), /is not running/);
    assert.match(expect(0, 'stop'), /is not running/);
  });

  it('runs httplog in a session of its own, off the terminal, with a log others cannot read', () => {
    expect(0, 'start');
    const pid = pidOf();
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    assert.equal(Number(fields[3]), pid, 'session');
    assert.equal(readlinkSync(`/proc/${pid}/fd/0`), '/dev/null');
    assert.equal(readlinkSync(`/proc/${pid}/fd/1`), project.path('log'));
    assert.equal(readlinkSync(`/proc/${pid}/fd/2`), project.path('log'));
    assert.equal(statSync(project.path('log')).mode & 0o777, 0o640);
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    assert.deepEqual(open.filter((target) => target.includes('lock')), []);
  });

  it('appends to the log', () => {
    project.write('log', 'from before\n', 0o640);
    expect(0, 'start');
    assert.match(project.read('log'), /^from before\nhttplog: options/);
  });

  it('hands over its configuration file, OPTIONS and what stands after start, and keeps HTTPLOG_ keys out of the environment', () => {
    const file = project.write('httplog.conf', 'HTTPLOG_PORT=8080\nOPTIONS="-s 200 -f *"\n');
    expect(0, 'start', '-add_vlan', 'two words');
    assert.deepEqual(options(), ['-s', '200', '-f', '*', '-conf', file, '-add_vlan', 'two words']);
    assert.doesNotMatch(readFileSync(`/proc/${pidOf()}/environ`, 'latin1'), /HTTPLOG_PORT/);
  });

  it('leaves a -conf that is given alone', () => {
    project.write('httplog.conf', 'OPTIONS=-utc\n');
    expect(0, 'start', '-conf', '/other.conf');
    assert.deepEqual(options(), ['-utc', '-conf', '/other.conf']);
  });

  it('takes a setting from the environment before the file', () => {
    project.write('httplog.conf', `OPTIONS=-utc\nPIDFILE='${project.path('other')}'\n`);
    const { status } = runWith(['OPTIONS=-add_vlan'], 'start');
    assert.equal(status, 0);
    assert.equal(options()[0], '-add_vlan');
    assert.ok(existsSync(project.path('pid')));
  });

  it("fails with httplog's own message: 6 for its configuration, 1 for the rest", () => {
    project.write('log', 'httplog: an old message\n');
    assert.match(expect(6, 'start', '-wrong'), /did not start \(exit code 2\).*\n(.*\n)?httplog: unknown option -wrong\n$/);
    const said = expect(1, 'start', '-denied');
    assert.match(said, /did not start \(exit code 1\).*\n(.*\n)?httplog: no permission to capture\n$/);
    assert.doesNotMatch(said, /old message/);
    assert.equal(existsSync(project.path('pid')), false);
  });

  it('kills what does not end in time', () => {
    expect(0, 'start', '-stubborn');
    const pid = pidOf();
    const { status, stderr, stdout } = runWith(['STOP_SECONDS=1'], 'stop');
    assert.equal(status, 0);
    assert.match(stderr, /did not end within 1 s: killing it/);
    assert.match(stdout, /is stopped/);
    assert.match(project.read('log'), /asked to end/, 'SIGTERM comes first');
    assert.equal(isAlive(pid), false);
  });

  it('knows a dead httplog from a stopped one, and starts anew', async () => {
    expect(0, 'start');
    const pid = pidOf();
    process.kill(pid, 'SIGKILL');
    await until('its end', () => !isAlive(pid));
    assert.match(expect(1, 'status'), /is dead/);
    expect(7, 'force-reload');
    expect(0, 'start');
    assert.notEqual(pidOf(), pid);
    expect(0, 'status');
  });

  it('never signals a process that has inherited the PID', async () => {
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const born = readFileSync(`/proc/${other.pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19];
      for (const content of [`${other.pid}\n1\n`, `${other.pid}\n${born}\n`, `${other.pid}\n`]) {
        project.write('pid', content);
        expect(1, 'status');
        expect(7, 'force-reload');
        expect(0, 'stop');
        assert.equal(existsSync(project.path('pid')), false);
        assert.equal(isAlive(other.pid!), true, JSON.stringify(content));
      }
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  });

  it('takes a PID file that is not one for a dead httplog', () => {
    for (const content of ['', 'garbage\n', '-1\n5\n', '1; reboot\n1\n']) {
      project.write('pid', content);
      expect(1, 'status');
      expect(0, 'stop');
    }
  });

  it('restarts as another process, and starts when nothing ran', () => {
    expect(0, 'restart');
    const pid = pidOf();
    expect(0, 'restart', '-utc');
    assert.notEqual(pidOf(), pid);
    assert.equal(isAlive(pid), false);
    assert.match(project.read('log'), /options \["-utc"\]/);
  });

  it('has the files reopened by force-reload', async () => {
    expect(0, 'start');
    const pid = pidOf();
    assert.match(expect(0, 'force-reload'), /reopens its files/);
    await until('SIGHUP', () => project.read('log').includes('httplog: reopened'));
    assert.equal(pidOf(), pid);
    expect(0, 'status');
  });

  it('starts one httplog when two starts race', async () => {
    const starts = [1, 2, 3].map(() => {
      const [program = '', ...args] = [...settings(), script, 'start'];
      return spawn(program, args, { stdio: 'ignore' });
    });
    const codes = await Promise.all(starts.map(async (child) => (await once(child, 'exit'))[0] as number));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(project.read('log').match(/options/g)?.length, 1);
  });

  it('refuses what it does not know with 2', () => {
    for (const args of [[], ['begin'], ['stop', 'now'], ['status', '-v'], ['force-reload', 'x']]) {
      assert.match(expect(2, ...args), /^start_httplog\.sh: usage: /);
    }
  });

  it('says 5 when httplog is not built or Node is missing', () => {
    const { status, stderr } = runWith(['NODE=/nowhere/node'], 'start');
    assert.equal(status, 5);
    assert.match(stderr, /\/nowhere\/node is not found/);
    const bare = new Project();
    try {
      const result = tryCommand([...settings(), bare.path('scripts/start_httplog.sh'), 'start']);
      assert.equal(result.status, 5);
      assert.match(result.stderr, /is not built/);
    } finally {
      bare.remove();
    }
  });

  it('does not run a configuration file that somebody else could have written', () => {
    const file = project.write('httplog.conf', `echo owned >'${project.path('owned')}'\n`);
    for (const mode of [0o664, 0o646, 0o666]) {
      chmodSync(file, mode);
      assert.match(expect(6, 'status'), /can be written by others/);
    }
    chmodSync(file, 0o644);
    assert.equal(spawnSync('chown', ['12345', file]).status, 0);
    assert.match(expect(6, 'start'), /belongs to user 12345/);
    assert.equal(existsSync(project.path('owned')), false);
  });

  it('says 6 for a configuration file that is no shell, or a setting that is no number', () => {
    project.write('httplog.conf', 'OPTIONS="open\n');
    assert.match(expect(6, 'start'), /httplog\.conf is not valid shell/);
    project.write('httplog.conf', 'STOP_SECONDS=soon\n');
    assert.match(expect(6, 'start'), /STOP_SECONDS=soon is not a number/);
  });

  it('tells a user without rights to become root, with 4', () => {
    chmodSync(dirname(project.root), 0o755);
    const asNobody = (...args: string[]): CommandResult =>
      tryCommand(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...settings(), script, ...args]);
    const refused = asNobody('start');
    assert.equal(refused.status, 4);
    assert.match(refused.stderr, /cannot write .*: run this as root \(sudo\)/);
    expect(0, 'start');
    assert.equal(asNobody('stop').status, 4);
    assert.equal(isAlive(pidOf()), true);
    assert.equal(asNobody('status').status, 0, 'status needs no rights');
  });

  it('says 6 where somebody else could plant a link in place of its files, and touches nothing there', () => {
    const shared = project.path('shared');
    mkdirSync(shared);
    const victim = project.path('victim');
    writeFileSync(victim, 'kept');
    for (const name of ['pid', 'pid.new', 'pid.lock', 'log']) symlinkSync(victim, join(shared, name));
    const refused = (name: string, file: string, why: RegExp): void => {
      for (const word of ['start', 'stop', 'restart', 'force-reload']) {
        const result = runWith([`${name}=${join(shared, file)}`], word);
        assert.deepEqual([result.status, result.stdout], [6, ''], JSON.stringify(result));
        assert.match(result.stderr, why);
      }
    };
    chmodSync(shared, 0o1777);
    refused('PIDFILE', 'pid', /PIDFILE=.+shared\/pid: .+shared can be written by everybody, .*: choose another directory/);
    refused('LOGFILE', 'log', /LOGFILE=.+ can be written by everybody/);
    chmodSync(shared, 0o755);
    chownSync(shared, 65534, 65534);
    refused('PIDFILE', 'pid', /shared belongs to user 65534/);
    assert.equal(readFileSync(victim, 'utf8'), 'kept');
    assert.equal(existsSync(project.path('pid')), false);
  });

  it('works through a link, as from /etc/init.d', () => {
    const link = project.link(script, 'S20httplog');
    const result = tryCommand([...settings(), link, 'start']);
    assert.equal(result.status, 0, result.stderr);
    expect(0, 'status');
  });
});
