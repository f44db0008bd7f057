// What the command cannot do when it watches an interface: one line that says what, why and what to do, and the exit code.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../support/command.js';
import { type Ended, killStarted, startHttplog, type StartOptions, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { finalReport, readReports } from '../support/totals.js';
import { baseUrl, curl } from '../support/traffic.js';

describe('live: refusals', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  before(async () => {
    network = makeNetwork('e2erefusals', 2);
    nginx = await startNginx(network.server);
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
  });

  const ended = (args: readonly string[], options: StartOptions = {}): Promise<Ended> => startHttplog(network.server, args, options).end();

  /** It ends with this status and this line, says nothing else but where it looked, and no record. */
  async function refused(args: readonly string[], status: number, line: RegExp, options: StartOptions = {}): Promise<string> {
    const result = await ended(args, options);
    const lines = result.stderr.split('\n').filter((said) => said !== '' && !said.startsWith('httplog: local addresses'));
    assert.equal(result.status, status, result.stderr);
    assert.equal(lines.length, 1, result.stderr);
    assert.match(lines[0], line);
    assert.equal(result.stdout, '');
    return lines[0];
  }

  it('an unknown interface: the ones there are', async () => {
    await refused(['-i', 'eth7', '-d', '-'], 1, /^httplog: eth7: .*no such.*\blo\b.*\beth0\b.*\beth1\b/i);
  });

  it('one unknown interface among good ones', async () => {
    const { status, stdout, stderr } = await ended(['-i', 'eth0,eth7', '-d', '-']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^httplog: eth7: .*\beth0\b/m);
    assert.doesNotMatch(stderr, /ready/);
  });

  it('no permission: the capability and sudo', async () => {
    const prefix = ['setpriv', '--bounding-set=-net_raw,-net_admin', '--inh-caps=-net_raw,-net_admin'];
    const line = await refused(['-i', 'eth0', '-d', '-'], 1, /CAP_NET_RAW/, { prefix });
    assert.match(line, /sudo/);
    assert.match(line, /eth0/);
  });

  it('too few open files: their limit, wherever it is met', async () => {
    for (const limit of [18, 22, 24, 26]) {
      const { status, stderr } = await ended(['-i', 'eth0', '-d', '-', '-c', '0'], { prefix: ['prlimit', `--nofile=${limit}`] });
      if (status === 0) continue; // enough for this machine
      assert.equal(status, 1, stderr);
      assert.match(stderr, /EMFILE|too many open files/i);
      assert.doesNotMatch(stderr, /internal error/);
    }
  });

  it('no libpcap: the packages that have it', async () => {
    const library = /=> (\S+)$/m.exec(command(['ldconfig', '-p']).split('\n').filter((line) => /libpcap\.so\.(0\.8|1)\b/.test(line)).join('\n'))?.[1];
    assert.ok(library !== undefined, 'this machine has libpcap');
    const prefix = ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null "$(readlink -f "$0")" && exec "$@"', library];
    const line = await refused(['-i', 'eth0', '-d', '-'], 1, /libpcap0\.8/, { prefix });
    for (const system of ['Debian', 'Fedora', 'Alpine']) assert.match(line, new RegExp(system));
    // A replay without -f needs none.
    const file = fileURLToPath(new URL('../../../fixtures/basic-keepalive.pcap', import.meta.url));
    const replay = await ended(['-r', file], { prefix });
    assert.deepEqual([replay.status, replay.stdout.split('\n').length], [0, 15]);
  });

  it('a filter that does not compile: libpcap\'s words, exit 2', async () => {
    await refused(['-i', 'eth0', '-d', '-', '-f', 'tcp prot 80'], 2, /-f|filter.*tcp prot 80.*syntax error/i);
  });

  it('a directory another one logs to: its PID', async () => {
    await withDirectory(async (directory) => {
      const first = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
      await refused(['-i', 'eth1', '-d', directory], 1, new RegExp(`${directory}.*PID ${first.pid}\\b`));
      assert.ok(first.isRunning);
      await first.end('SIGTERM');
      const second = await startHttplog(network.server, ['-i', 'eth1', '-d', directory]).ready();
      assert.equal(Number(readFileSync(join(directory, '.httplog.lock'), 'latin1')), second.pid);
      await second.end('SIGTERM');
    });
  });

  it('a directory killed together with its owner can be used again', async () => {
    await withDirectory(async (directory) => {
      const first = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
      await first.end('SIGKILL');
      const second = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
      assert.equal((await second.end('SIGTERM')).status, 0);
    });
  });

  it('a directory that cannot be written', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'read-only');
      mkdirSync(directory);
      const prefix = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"', directory];
      await refused(['-i', 'eth0', '-d', directory], 1, /^httplog: cannot (log to|lock) .*read-only.*EROFS.*-d/, { prefix });
    });
  });

  it('standard output closed by its reader ends the capture, exit 1', async () => {
    const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', '-']).ready();
    curl(network.client, [`${baseUrl(network.server)}/one`]);
    await httplog.holds('the first record', () => httplog.stdout.includes('/one'));
    httplog.child.stdout!.destroy();
    await httplog.holds('the closed end', () => {
      curl(network.client, [`${baseUrl(network.server)}/two`]);
      return httplog.stderr.includes('standard output was closed by its reader');
    });
    const { status, stderr } = await httplog.end();
    assert.equal(status, 1);
    finalReport(stderr);
    assert.equal(readReports(stderr).length, 1, 'told once');
  });
});
