// The package as npm makes it, and scripts/install.sh: into a root of its own, so that this machine stays as it is.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN_COMMAND } from '../../src/cli/commands.js';
import { command, tryCommand } from '../support/command.js';
import { OwnRoot } from '../support/own_root.js';
import { ROOT } from './project.js';

const INSTALL = join(ROOT, 'scripts/install.sh');
const SHARED = ['man/man8/httplog.8', 'bash-completion/completions/httplog', 'zsh/site-functions/_httplog', 'fish/vendor_completions.d/httplog.fish'];
/** An entry of its own each. */
const WORKERS = readdirSync(join(ROOT, 'workers')).map((name) => `workers/${name.replace(/\.ts$/, '.js')}`);
const OFFLINE = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
const REPLAY = `-r ${join(ROOT, 'fixtures/basic-keepalive.pcap')} -utc`;

/** Of an installed httplog: root is given up. */
const CONFIGURATION = readFileSync(join(ROOT, 'httplog.conf'), 'utf8').replace(/^#HTTPLOG_U=.*$/m, 'HTTPLOG_U=httplog');

/** Every file below a folder, by its path from there. */
const filesBelow = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());
/** What -r prints without being installed. */
const expectedRecords = (): string => command(['sh', '-c', `${join(ROOT, 'bin/httplog')} ${REPLAY} 2>/dev/null`]);

describe('the npm package', function () {
  this.timeout(180_000);
  let folder: string;
  let tarball: string;
  let packed: string[];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'httplog-package-'));
    command(['env', '-C', ROOT, 'npm', 'pack', '--loglevel=error', '--pack-destination', folder]);
    [tarball] = readdirSync(folder).map((name) => join(folder, name));
    packed = command(['tar', '-tzf', tarball]).trim().split('\n').map((name) => name.replace(/^package\//, ''));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('holds what is needed to run and to be installed, and nothing else', () => {
    const own = packed.filter((name) => !name.startsWith('lib/')).sort();
    assert.deepEqual(own, [
      'LICENSE', 'README.md', 'bin/httplog', 'docs/operations.md', 'httplog.conf', 'npm-shrinkwrap.json', 'ops/alerts.yml',
      'ops/grafana-dashboard.json', 'package.json', 'scripts/install.sh', 'scripts/start_httplog.sh',
      'scripts/systemd/httplog@.service', 'scripts/systemd/proc.conf',
    ]);
    const built = packed.filter((name) => name.startsWith('lib/')).map((name) => name.slice('lib/'.length));
    assert.deepEqual(built.sort(), filesBelow(join(ROOT, 'lib')).sort());
    const known = ['package.json', 'src/cli/main.js', 'src/cli/httplog.js', 'src/cli/httplog.js.code', ...WORKERS, ...SHARED.map((name) => `share/${name}`)];
    assert.deepEqual(built, known.sort());
    assert.ok(!existsSync(join(ROOT, 'npm-shrinkwrap.json')), 'nothing is left behind');
  });

  it('installs into an empty prefix without scripts, runs, and has the packages of the lock file', () => {
    const prefix = join(folder, 'prefix');
    command(['npm', 'install', '--global', '--prefix', prefix, ...OFFLINE, tarball]);
    assert.equal(command([join(prefix, 'bin/httplog'), ...REPLAY.split(' ')]), expectedRecords());
    assert.match(readFileSync(join(prefix, 'share/man/man8/httplog.8'), 'utf8'), /^\.TH HTTPLOG 8 /m);
    const installed = join(prefix, 'lib/node_modules/httplog');
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string }> };
    const found = readdirSync(join(installed, 'node_modules')).filter((name) => /^[a-z]/.test(name));
    assert.ok(found.includes('koffi') && found.includes('piscina'), found.join(' '));
    for (const name of found) {
      const { version } = JSON.parse(readFileSync(join(installed, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
      assert.equal(version, packages[`node_modules/${name}`].version, name);
    }
  });

  it('unpacked, installs the whole system below DESTDIR, for packagers', () => {
    command(['tar', '-xzf', tarball, '-C', folder]);
    const destination = join(folder, 'destination');
    const install = (...args: string[]) => tryCommand(['env', `DESTDIR=${destination}`, 'sh', join(folder, 'package/scripts/install.sh'), '--prefix', '/usr', '--unit-dir=/usr/lib/systemd/system', ...args]);
    const { status, stdout, stderr } = install();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /no user httplog is made/);
    assert.equal(command([join(destination, 'usr/bin/httplog'), ...REPLAY.split(' ')]), expectedRecords());
    assert.match(readFileSync(join(destination, 'usr/lib/systemd/system/httplog@.service'), 'utf8'), /^ExecStart=\/usr\/bin\/httplog /m);
    for (const name of [...SHARED.map((shared) => `usr/share/${shared}`), 'etc/sysconfig/httplog']) assert.ok(existsSync(join(destination, name)), name);
    assert.equal(statSync(join(destination, 'log/httplog')).mode & 0o777, 0o750);
    assert.deepEqual(filesBelow(destination).filter((name) => name.includes('esbuild') || name.includes('mocha')), [], 'no packages of developers');
    assert.match(install('--uninstall').stdout, /removed/);
    assert.deepEqual(filesBelow(destination), []);
  });
});

describe('scripts/install.sh', function () {
  this.timeout(180_000);
  let root: OwnRoot;
  before(async () => {
    root = await OwnRoot.make([realpathSync(ROOT)]);
    root.run('rm -rf /log /etc/sysconfig /usr/local/lib/httplog /usr/local/bin/httplog');
    if (root.try('getent passwd httplog').status === 0) root.run('userdel httplog');
  });
  after(() => root?.close());
  const installed = '/usr/local/lib/httplog/scripts/install.sh';
  const listing = (): string => root.run('find /usr/local/lib/httplog /usr/local/bin /usr/local/share /etc/systemd /etc/sysconfig /log ! -type d -printf "%p %m %u %T@ %l\\n" | sort; cat /etc/passwd');

  it('installs a command that runs, its manual, its unit, its configuration, its user, its log directory', () => {
    const said = root.run(INSTALL);
    assert.match(said, /^install\.sh: systemd does not run here: no daemon-reload$/m);
    assert.equal(root.run(`cd / && httplog ${REPLAY} 2>/dev/null`), expectedRecords());
    assert.match(root.run('man -w 8 httplog'), /httplog\.8/);
    assert.equal(root.run('stat -c "%U:%G %a" /log/httplog'), 'httplog:httplog 750\n');
    assert.match(root.run('getent passwd httplog'), /^httplog:x:\d{1,3}:.*:\/usr\/sbin\/nologin$/m);
    assert.equal(root.run('cat /etc/sysconfig/httplog'), CONFIGURATION);
    assert.equal(root.run('grep -v "^#" /etc/sysconfig/httplog | grep .'), 'HTTPLOG_U=httplog\n', 'all others are comments');
    const check = root.try('httplog -t');
    assert.equal(check.status, 0, check.stderr);
    assert.match(check.stdout, /^configuration file: \/etc\/sysconfig\/httplog$/m);
    assert.equal(root.run('cp /etc/systemd/system/httplog@.service /tmp/httplog@eth0.service && systemd-analyze verify /tmp/httplog@eth0.service 2>&1 | grep httplog || true'), '');
    assert.equal(root.run('find /usr/local/lib/httplog -perm /022 ! -type l; find /usr/local/lib/httplog -name "*esbuild*"'), '');
  });

  it('captures into the log directory without being root', () => {
    const stopped = root.run(`cd / && exec unshare --net sh -c '
      ip link set lo up
      httplog -i lo 2>/tmp/said &
      for tenth in $(seq 300); do grep -q ready /tmp/said && break; sleep 0.1; done
      kill $!
      wait $!
      cat /tmp/said'`);
    assert.match(stopped, /runs as user httplog \(uid \d+, gid \d+\), capabilities: CAP_NET_RAW$/m);
    assert.match(stopped, /ready, records go to \/log\/httplog$/m);
    root.run('rm -f /log/httplog/.httplog.lock');
  });

  it('starts in the background without systemd, as the same user', () => {
    const said = root.run(`cd / && exec unshare --net sh -c '
      ip link set lo up
      start=/usr/local/lib/httplog/scripts/start_httplog.sh
      "$start" start -i lo && ps -o user= -p "$(head -n 1 /run/httplog.pid)" && "$start" stop'`);
    assert.match(said, /httplog is running \(PID \d+\)\nhttplog\n.*httplog is stopped/);
    root.run('rm -f /log/httplog/.httplog.lock');
  });

  it('gives the shells their completions', () => {
    const script = 'source /usr/local/share/bash-completion/completions/httplog; COMP_WORDS=(httplog -); COMP_CWORD=1; _httplog; echo "$' + '{COMPREPLY[*]}"';
    const offered = root.run(`bash --norc -c '${script}'`).trim().split(' ');
    for (const { name } of MAIN_COMMAND.rows) assert.ok(offered.includes(`-${name}`), name);
  });

  it('changes nothing the second time, and says so', () => {
    const before = listing();
    assert.equal(root.run(INSTALL), 'install.sh: nothing to do: all of it is installed already\n');
    assert.equal(root.run(installed), 'install.sh: nothing to do: all of it is installed already\n');
    assert.equal(listing(), before);
  });

  it('upgrades the program, keeps what was edited and replaces what was not', () => {
    root.run('echo "// older" >>/usr/local/lib/httplog/lib/src/cli/main.js; rm /usr/local/lib/httplog/node_modules/koffi/package.json');
    root.run('echo "# as it came" | tee -a /usr/local/lib/httplog/httplog.conf.installed >>/etc/sysconfig/httplog');
    root.run('echo "# mine" >>/etc/systemd/system/httplog@.service');
    const said = root.run(INSTALL);
    assert.match(said, /^install\.sh: upgraded \/usr\/local\/lib\/httplog; /m);
    assert.match(said, /^install\.sh: installed \/etc\/sysconfig\/httplog$/m);
    assert.match(said, /^install\.sh: kept \/etc\/systemd\/system\/httplog@\.service, which was edited; /m);
    assert.equal(root.run('cat /etc/sysconfig/httplog'), CONFIGURATION);
    assert.equal(root.run('tail -n 1 /etc/systemd/system/httplog@.service'), '# mine\n');
    root.run('echo HTTPLOG_PORT=8080 >>/etc/sysconfig/httplog');
    assert.match(root.run(INSTALL), /^install\.sh: kept \/etc\/sysconfig\/httplog, which was edited; /m);
    assert.match(root.run('httplog -t'), /^-p +8080 +\/etc\/sysconfig\/httplog line \d+$/m);
  });

  it('takes away what it put there, and keeps records and what was edited', () => {
    root.run('echo record >/log/httplog/http-20261121.log');
    const said = root.run(`${installed} --uninstall`);
    for (const kept of ['/log/httplog: the records', '/etc/sysconfig/httplog, which was edited', '/etc/systemd/system/httplog@.service, which was edited', 'the system user httplog']) {
      assert.ok(said.includes(`install.sh: kept ${kept}`), `${kept} in ${said}`);
    }
    assert.equal(root.run('find /usr/local ! -type d -name "*httplog*"; ls -d /usr/local/lib/httplog 2>/dev/null || true'), '');
    assert.equal(root.run('cat /log/httplog/*.log; tail -n 1 /etc/sysconfig/httplog'), 'record\nHTTPLOG_PORT=8080\n');
  });

  it('takes away all of it where nothing was edited and nothing recorded; a second time there is nothing to do', () => {
    root.run('rm -r /log/httplog/* /etc/sysconfig /etc/systemd/system/httplog@.service');
    root.run(INSTALL);
    root.run(`${INSTALL} --uninstall`);
    assert.equal(root.run('find /usr/local /etc/systemd /etc/sysconfig /log -name "*httplog*" 2>/dev/null; getent passwd httplog || true'), '');
    assert.equal(root.run(`${INSTALL} --uninstall`), 'install.sh: nothing to do: nothing of it is installed\n');
  });

  it('tells systemd where it runs: to read the units again, and to stop the instances at the end', () => {
    root.run('mkdir -p /run/systemd/system /stub; printf \'#!/bin/sh\\necho "$*" >>/stub/calls\\ncase $1 in list-units) echo "httplog@eth0.service loaded active running x" ;; esac\\n\' >/stub/systemctl; chmod +x /stub/systemctl');
    root.run(`PATH=/stub:$PATH ${INSTALL}`);
    assert.equal(root.run('cat /stub/calls'), 'daemon-reload\n');
    root.run(`PATH=/stub:$PATH ${INSTALL} --uninstall`);
    assert.deepEqual(root.run('tail -n +2 /stub/calls').trim().split('\n').filter((line) => !line.startsWith('list-units')), ['disable --now httplog@eth0.service', 'daemon-reload']);
    root.run('rm -r /run/systemd/system');
  });

  it('leaves alone what is not its own', () => {
    root.run('ln -s /somewhere/else /usr/local/bin/httplog; useradd --system httplog');
    const { status, stderr } = root.try(INSTALL);
    assert.equal(status, 1);
    assert.match(stderr, /^install\.sh: \/usr\/local\/bin\/httplog is there and not from here .*\n$/);
    root.run(`rm /usr/local/bin/httplog; ${INSTALL}`);
    assert.match(root.run(`${INSTALL} --uninstall`), /^install\.sh: kept the user httplog, which is not of our making$/m);
  });

  it('refuses in one line what it cannot do', () => {
    for (const [line, status, words] of [
      [`${INSTALL} --prefix`, 2, /usage: /],
      [`${INSTALL} --prefix here`, 1, /'here' is not an absolute path/],
      [`${INSTALL} --frobnicate`, 2, /usage: /],
      [`setpriv --reuid 65534 ${INSTALL}`, 1, /run this as root/],
      [`NODE=/nowhere/node ${INSTALL}`, 1, /Node\.js is not found/],
    ] as const) {
      const result = root.try(line);
      assert.equal(result.status, status, line);
      assert.match(result.stderr, words);
      assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
    }
    assert.match(root.run(`${INSTALL} --help`), /^install\.sh \[--prefix DIR\]/);
  });
});
