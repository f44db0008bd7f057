// start_httplog.sh with the real program on a real wire. What the script does around it is tested in test/scripts/.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, tryCommand, until } from '../support/command.js';
import { withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { isAlive } from '../support/proc.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { lastReport, readReports } from '../support/totals.js';
import { baseUrl, curl } from '../support/traffic.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/start_httplog.sh', import.meta.url));

describe('live: start_httplog.sh with the real program', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  before(async () => {
    network = makeNetwork('e2escript');
    nginx = await startNginx(network.server);
  });
  after(async () => {
    await nginx?.stop();
    network?.close();
  });

  class Service {
    constructor(readonly directory: string) {}

    run(...args: string[]): CommandResult {
      const { directory } = this;
      const settings = [`PIDFILE=${directory}/pid`, `LOGFILE=${directory}/operational.log`, 'TZ=UTC'];
      return tryCommand(inNamespace(network.server, ['env', ...settings, SCRIPT, ...args]));
    }

    expect(status: number, ...args: string[]): string {
      const result = this.run(...args);
      assert.equal(result.status, status, JSON.stringify({ args, result, log: this.said() }));
      return result.stdout + result.stderr;
    }

    start(...more: string[]): string {
      return this.expect(0, 'start', '-i', 'eth0', '-d', join(this.directory, 'records'), ...more);
    }

    said(): string {
      const log = join(this.directory, 'operational.log');
      return existsSync(log) ? readFileSync(log, 'utf8') : '';
    }

    pid(): number {
      return Number(readFileSync(join(this.directory, 'pid'), 'utf8').split('\n')[0]);
    }

    /** Targets of the requests in its files, by file. */
    records(): Record<string, string[]> {
      const records = join(this.directory, 'records');
      return Object.fromEntries(readdirSync(records).filter((name) => name.startsWith('http')).sort().map((name) => [
        name, [...readFileSync(join(records, name), 'utf8').matchAll(/ CQ \S+ (\S+) /g)].map(([, target]) => target)]));
    }
  }

  const ask = (target: string): unknown => curl(network.client, [`${baseUrl(network.server)}/${target}`]);

  async function withService(use: (service: Service) => Promise<void>): Promise<void> {
    await withDirectory(async (directory) => {
      const service = new Service(directory);
      try {
        await use(service);
      } finally {
        service.run('stop');
      }
    });
  }

  it('start, status, traffic, force-reload, restart, stop: every record in its file', async () => {
    await withService(async (service) => {
      service.expect(3, 'status');
      assert.match(service.start(), /running \(PID \d+\)/);
      const first = service.pid();
      assert.match(service.expect(0, 'status'), new RegExp(`PID ${first}\\b`));
      assert.match(service.start(), /already running/);
      ask('one');
      await until('the record', () => Object.values(service.records()).flat().includes('/one'));
      const [name] = Object.keys(service.records());
      const path = join(service.directory, 'records', name);
      renameSync(path, `${path}.old`);
      service.expect(0, 'force-reload');
      await until('a new file', () => {
        ask('two');
        return existsSync(path);
      });
      service.expect(0, 'restart', '-i', 'eth0', '-d', join(service.directory, 'records'));
      assert.notEqual(service.pid(), first);
      ask('three');
      service.expect(0, 'stop');
      service.expect(3, 'status');
      assert.ok(!isAlive(first));
      const records = service.records();
      assert.equal(records[`${name}.old`][0], '/one');
      assert.ok(records[name].includes('/two'));
      assert.equal(records[name].at(-1), '/three');
      const reports = readReports(service.said());
      const lines = Object.values(records).flat().length * 2;
      assert.equal(reports.reduce((sum, { linesWritten }) => sum + linesWritten, 0), lines);
      assert.equal(lastReport(service.said()).sources[0].dropped, 0);
    });
  });

  it('a start that fails says why, with the exit code of the Linux Standard Base', async () => {
    await withService(async (service) => {
      assert.match(service.expect(1, 'start', '-i', 'eth9', '-d', join(service.directory, 'records')), /eth9: no such interface/);
      assert.match(service.expect(6, 'start', '-i', 'eth0', '-p', 'http'), /-p/);
      service.expect(3, 'status');
    });
  });

  it('a program that was killed is dead by status, and starts again over its own lock and torn line', async () => {
    await withService(async (service) => {
      service.start();
      ask('before');
      await until('the record', () => Object.values(service.records()).flat().includes('/before'));
      const [name] = Object.keys(service.records());
      const pid = service.pid();
      process.kill(pid, 'SIGKILL');
      await until('its end', () => !isAlive(pid));
      service.expect(1, 'status');
      const path = join(service.directory, 'records', name);
      writeFileSync(path, '2019-09-01 14:16:51.002 torn', { flag: 'a' });
      service.start();
      ask('after');
      service.expect(0, 'stop');
      const text = readFileSync(path, 'utf8');
      assert.match(text, /^2019-09-01 14:16:51\.002 torn\n/m);
      assert.ok(text.endsWith('\n'));
      assert.deepEqual(service.records()[name], ['/before', '/after']);
    });
  });
});
