// What Prometheus, a health check and systemd get to see of a real capture.

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Running, startCommand, until } from '../support/command.js';
import { killStarted, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { NotifyReceiver } from '../support/notify_receiver.js';
import { readSamples } from '../support/telemetry.js';
import { lastReport } from '../support/totals.js';
import { ROOT } from '../scripts/project.js';
import { request, send } from './libpcap_frames.js';

const PORT = '9464';
const FRAMES = 12_000;

describe('live: watched from outside', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2emetrics');
  });
  afterEach(killStarted);
  after(() => network?.close());

  const fetch = (path: string, port = PORT): string => command(inNamespace(network.server, ['curl', '-s', '--max-time', '60', `http://127.0.0.1:${port}${path}`]));
  const health = (): [status: string, reason: string] => {
    const [reason = '', status = ''] = command(inNamespace(network.server, ['curl', '-s', '--max-time', '60', '-w', '%{http_code}', `http://127.0.0.1:${PORT}/healthz`])).split('\n');
    return [status, reason];
  };
  const start = (args: readonly string[], more: Parameters<typeof startHttplog>[2] = {}): Promise<RunningHttplog> =>
    startHttplog(network.server, ['-i', 'eth0', '-metrics', PORT, ...args], more).ready();
  const flood = (frames: number): void => send(network.client, Array.from({ length: frames }, (_, index) => request(200, index % 5 === 0 ? 81 : 80)));

  it('the metrics are the totals, are clean for promtool, and no scrape changes them', async () => {
    await withDirectory(async (directory) => {
      const httplog = await start(['-d', directory, '-f', 'tcp', '-p', '80', '-log_level', 'debug']);
      assert.deepEqual(health(), ['200', 'capturing']);
      flood(FRAMES);
      await until('all frames', () => readSamples(fetch('/metrics')).get('httplog_frames_received_total{interface="eth0"}') === FRAMES);
      await until('all lines', () => readSamples(fetch('/metrics')).get('httplog_lines_written_total') === FRAMES * 4 / 5);
      const text = fetch('/metrics');
      assert.equal(command(inNamespace(network.server, ['promtool', 'check', 'metrics']), text), '');
      const samples = readSamples(text);
      // Statistics every 10,000 packets, unless asked for, are said at debug level.
      await httplog.says(/^httplog: debug: eth0: \d+ received = /m);
      const { stderr } = await httplog.end('SIGTERM');
      const report = lastReport(stderr);
      const [source] = report.sources;
      const eth0 = (name: string, labels = ''): number | undefined => samples.get(`httplog_${name}{interface="eth0"${labels}}`);
      assert.deepEqual([eth0('frames_received_total'), eth0('frames_handed_over_total'), eth0('frames_parsed_total'), eth0('frames_dropped_total')],
        [source.received, source.handed, source.parsed, source.dropped]);
      assert.equal(eth0('frames_skipped_total', ',reason="other_port"'), source.reasons['other port']);
      assert.equal(eth0('records_total', ',kind="CQ"'), source.records['CQ']);
      assert.deepEqual(['lines_written_total', 'written_bytes_total', 'lines_lost_total'].map((name) => samples.get(`httplog_${name}`)),
        [report.linesWritten, report.bytesWritten, report.linesLost]);
      assert.ok((samples.get('httplog_write_duration_seconds_count') ?? 0) > 0);
      assert.ok((samples.get('httplog_worker_busy_seconds_total{worker="0"}') ?? 0) > 0);
      assert.equal(samples.get('httplog_ring_slots_in_use'), 0);
    });
  });

  it('are served without /proc, but for what is read there', async () => {
    await withDirectory(async (directory) => {
      await start(['-d', directory], { prefix: ['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'] });
      assert.deepEqual(health(), ['200', 'capturing']);
      assert.match(fetch('/metrics'), /^process_open_fds nan$/im);
    });
  });

  describe('a real Prometheus', () => {
    let directory: string;
    let prometheus: Running;
    let scraped: Set<string>;
    const api = (path: string): { status: string; data: unknown } => JSON.parse(fetch(`/api/v1/${path}`, '9090')) as { status: string; data: unknown };

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'httplog-prometheus-'));
      writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: [join(ROOT, 'ops/alerts.yml')],
        scrape_configs: [{ job_name: 'httplog', static_configs: [{ targets: [`127.0.0.1:${PORT}`] }] }],
      }));
      await start(['-d', join(directory, 'log'), '-proc']);
      scraped = new Set([...readSamples(fetch('/metrics')).keys()].map((key) => key.replace(/\{.*/, '')));
      prometheus = startCommand(inNamespace(network.server, ['prometheus', `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`, '--web.listen-address=127.0.0.1:9090', '--log.level=warn']));
      await until('Prometheus', () => {
        assert.equal(prometheus.child.exitCode, null, prometheus.stderr());
        const ready = command(['sh', '-c', `${inNamespace(network.server, ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:9090/-/ready']).join(' ')} || true`]);
        return ready === '200';
      });
    });
    after(async () => {
      await prometheus?.stop('SIGKILL');
      killStarted();
      rmSync(directory, { recursive: true, force: true });
    });

    it('scrapes it, loads the alert rules, and finds them healthy', async () => {
      interface Target { health: string; lastError: string }
      interface Rule { name: string; health: string; state: string; lastError?: string }
      const targets = (): Target[] => (api('targets').data as { activeTargets: Target[] }).activeTargets;
      // On a busy machine a scrape may take more than its second: it is healthy by the next one.
      await until('a scrape', () => JSON.stringify(targets().map(({ health: state, lastError }) => [state, lastError])) === '[["up",""]]');
      const rules = (): Rule[] => (api('rules').data as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
      let last: readonly unknown[] = [];
      await until('the rules to be evaluated', () => {
        last = rules().map(({ name, health: state, state: alert, lastError }) => [name, state, lastError, alert]);
        return last.length >= 10 && rules().every(({ health: state, state: alert, lastError }) => state === 'ok' && alert === 'inactive' && lastError === undefined);
      }).catch((error: unknown) => {
        throw new Error(JSON.stringify(last), { cause: error });
      });
    });

    it('has every metric that the dashboard and the rules ask for, and takes every expression', async () => {
      const dashboard = JSON.parse(readFileSync(join(ROOT, 'ops/grafana-dashboard.json'), 'utf8')) as { panels: { title: string; targets?: { expr: string }[] }[] };
      const panels = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
      const rules = [...readFileSync(join(ROOT, 'ops/alerts.yml'), 'utf8').matchAll(/^\s+expr: (.*)$/gm)].map(([, expr]) => ['rule', expr] as const);
      assert.ok(panels.length > 25 && rules.length >= 10);
      for (const [where, expr] of [...panels, ...rules]) {
        for (const [name] of expr.matchAll(/\b(?:httplog|process|nodejs)_\w+/g)) assert.ok(scraped.has(name), `${where}: ${name}`);
        const filled = expr.replaceAll(/\$__(?:rate_interval|range)/g, '5m').replaceAll(/\$\w+/g, '.*');
        const answer = command(inNamespace(network.server, ['curl', '-s', '--data-urlencode', `query=${filled}`, 'http://127.0.0.1:9090/api/v1/query']));
        assert.equal((JSON.parse(answer) as { status: string }).status, 'success', `${where}: ${expr}: ${answer}`);
      }
    });

    it('finds every metric in docs/operations.md, and no other one there', () => {
      const listed = [...readFileSync(join(ROOT, 'docs/operations.md'), 'utf8').matchAll(/^\| (`(?:httplog|process)_.*?`) \| /gm)]
        .flatMap(([, names]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
      const names = [...scraped].map((name) => name.replace(/^(httplog_write_duration_seconds)_(?:bucket|sum|count)$/, '$1'));
      assert.deepEqual(listed.sort(), [...new Set(names)].sort());
    });
  });

  it('a port that is in use is one line and exit code 1', async () => {
    await start(['-d', '-']);
    const { status, stdout, stderr } = await startHttplog(network.server, ['-i', 'eth0', '-d', '-', '-metrics', PORT]).end();
    assert.deepEqual([status, stdout, stderr], [1, '', 'httplog: cannot serve metrics at 127.0.0.1:9464: the port is in use; choose another one with -metrics\n']);
  });

  it('/healthz says so while the disk is full, and that it is over', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'disk');
      mkdirSync(directory);
      command(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory]);
      try {
        const httplog = await start(['-d', directory]);
        const filler = join(directory, 'filler');
        const { bavail, bsize } = statfsSync(directory);
        appendFileSync(filler, new Uint8Array((bavail - 1) * bsize));
        await until('the failure', () => {
          flood(200);
          return health()[0] === '503';
        });
        assert.match(health()[1], /no space left on device|-min_free|room/);
        assert.match(fetch('/metrics'), /^httplog_healthy 0$/m);
        rmSync(filler);
        await until('writing again', () => {
          flood(5);
          return health()[0] === '200';
        });
        assert.equal((await httplog.end('SIGTERM')).status, 1);
      } finally {
        killStarted();
        command(['umount', '-l', directory]);
      }
    });
  });

  describe('systemd', () => {
    async function withManager(name: string, use: (manager: NotifyReceiver) => Promise<void>): Promise<void> {
      const manager = new NotifyReceiver(name);
      try {
        await use(manager);
      } finally {
        killStarted();
        manager.close();
      }
    }

    it('hears when capture runs, of reloads, of the stop, how it stands, and that it is alive', async () => {
      await withDirectory((directory) => withManager(join(directory, 'notify'), async (manager) => {
        const httplog = startHttplog(network.server, ['-i', 'eth0', '-d', join(directory, 'log')], { env: { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '200000' } });
        await httplog.ready();
        assert.deepEqual(manager.values('READY'), ['1']);
        await until('signs of life', () => manager.values('WATCHDOG').length >= 3);
        const before = process.hrtime.bigint() / 1000n;
        httplog.child.kill('SIGHUP');
        await until('the end of the reload', () => manager.values('READY').length === 2);
        const [reloading] = manager.datagrams.filter((text) => text.includes('RELOADING=1'));
        const [, usec = '0'] = /^MONOTONIC_USEC=(\d+)$/m.exec(reloading) ?? [];
        assert.ok(BigInt(usec) >= before && BigInt(usec) <= process.hrtime.bigint() / 1000n, reloading);
        assert.equal((await httplog.end('SIGTERM')).status, 0);
        const order = manager.datagrams.map((text) => /^(READY|RELOADING|STOPPING)=1/.exec(text)?.[1]).filter((word) => word !== undefined);
        assert.deepEqual(order, ['READY', 'RELOADING', 'READY', 'STOPPING']);
        assert.match(manager.values('STATUS')[0], /^eth0: \d+ frames received, 0 dropped, \d+ lines written, 0 lost$/);
      }));
    });

    it('hears through an abstract name, too; a watchdog of another process is not fed', async () => {
      // Abstract names belong to a network namespace: ours.
      await withManager(`@httplog-test-${process.pid}`, async (manager) => {
        const httplog = startHttplog(undefined, ['-i', 'lo', '-p', '9', '-d', '-'], { env: { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '50000', WATCHDOG_PID: '1' } });
        await httplog.ready();
        await httplog.end('SIGTERM');
        assert.deepEqual([manager.values('READY'), manager.values('STOPPING'), manager.values('WATCHDOG')], [['1'], ['1'], []]);
      });
    });

    it('hears nothing of a capture that cannot start', async () => {
      await withDirectory((directory) => withManager(join(directory, 'notify'), async (manager) => {
        const { status } = await startHttplog(network.server, ['-i', 'eth9', '-d', '-'], { env: { NOTIFY_SOCKET: manager.name } }).end();
        assert.equal(status, 1);
        assert.deepEqual(manager.values('READY'), []);
      }));
    });

    it('is told nothing can be said to it, once, where its socket is gone; capture goes on', async () => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', '-'], { env: { NOTIFY_SOCKET: '/nonexistent/notify', WATCHDOG_USEC: '50000' } }).ready();
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0);
      assert.equal(stderr.split('cannot tell the service manager anything').length, 2, stderr);
    });

    it('is told that a socket that takes nothing more takes nothing, once; capture goes on', async () => {
      await withDirectory((directory) => withManager(join(directory, 'notify'), async (manager) => {
        const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', '-'], { env: { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '2000' } }).ready();
        await httplog.says(/cannot tell the service manager anything: NOTIFY_SOCKET .*: Resource temporarily unavailable/);
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
        assert.equal(stderr.split('cannot tell the service manager anything').length, 2, stderr);
      }));
    });

    it('gets no sign of life while writing has stalled, and /healthz says why', async () => {
      await withDirectory((directory) => withManager(join(directory, 'notify'), async (manager) => {
        const httplog = await start(['-d', '-'], { stdout: 'stalled', env: { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '200000' } });
        flood(20_000);
        // A manager that does not listen is not waited for: read on, as systemd does.
        await until('the stall', () => manager.datagrams.length > 0 && health()[0] === '503');
        assert.match(health()[1], /^writing has stalled: lines wait, and none was written for \d+ s$/);
        await httplog.says(/^httplog: warning: unhealthy: writing has stalled/m);
        const signs = manager.values('WATCHDOG').length;
        assert.ok(signs > 10);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.equal(manager.values('WATCHDOG').length, signs);
        assert.match(manager.values('STATUS').at(-1) ?? '', /^writing has stalled/);
      }));
    });
  });
});
