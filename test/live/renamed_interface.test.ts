// An interface that is renamed, or deleted and made again, under a running capture: by both ways to capture, named and as one of `any`.

import assert from 'node:assert/strict';
import { command } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { type End, makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport } from '../support/totals.js';
import { request, send } from './libpcap_frames.js';

const BURST = 10;

for (const way of ['afpacket', 'libpcap'] as const) {
  describe(`live: an interface changes its name, ${way}`, function () {
    this.timeout(180_000);
    let network: TestNetwork;
    beforeEach(() => {
      network = makeNetwork('e2erename');
    });
    afterEach(() => {
      killStarted();
      network?.close();
    });

    const set = (...args: string[]): string => command(['ip', '-n', network.server.namespace, 'link', ...args]);
    const burst = (from: End = network.client): void => send(from, Array.from({ length: BURST }, () => request(100)));

    /** Gives an interface another name; most kernels want it down for that. */
    function rename(from: string, to: string): void {
      set('set', from, 'down');
      set('set', from, 'name', to);
      set('set', to, 'up');
    }

    async function started(interfaces: string): Promise<RunningHttplog> {
      return startHttplog(network.server, ['-i', interfaces, '-capture', way, '-o', 'json', '-d', '-']).ready();
    }

    const arrived = (httplog: RunningHttplog, records: number): Promise<void> => (
      httplog.holds(`${records} records`, () => parseJsonLines(httplog.stdout.slice(0, httplog.stdout.lastIndexOf('\n') + 1)).length === records));

    it('a named one: waited for, and captured again when the name is back', async () => {
      const httplog = await started('eth0');
      burst();
      await arrived(httplog, BURST);
      rename('eth0', 'moved0');
      await httplog.says(/^httplog: (warning: )?eth0: the interface (vanished|went down); waiting for it to come back$/m);
      burst();
      rename('moved0', 'eth0');
      await httplog.says(/^httplog: (info: |warning: )?eth0: capture resumed$/m);
      burst();
      const { status, stderr, stdout } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const { sources: [source], linesWritten } = finalReport(stderr);
      assert.deepEqual([linesWritten, source.dropped, parseJsonLines(stdout).length], [2 * BURST, 0, 2 * BURST], stderr);
    });

    it('a named one that another interface takes the name of: that is captured', async () => {
      const httplog = await started('eth0');
      burst();
      await arrived(httplog, BURST);
      set('del', 'eth0');
      await httplog.says(/eth0: the interface vanished; waiting for it to come back/);
      set('add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', network.client.namespace);
      command(['ip', '-n', network.client.namespace, 'link', 'set', 'eth0', 'up']);
      set('set', 'eth0', 'up');
      await httplog.says(/eth0: capture resumed/);
      burst();
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.deepEqual(finalReport(stderr).linesWritten, 2 * BURST, stderr);
    });

    it('one of any: goes on under its new name', async () => {
      const httplog = await started('any');
      burst();
      await arrived(httplog, BURST);
      rename('eth0', 'moved0');
      await httplog.says(/^httplog: moved0: link type Ethernet, through/m);
      burst();
      await arrived(httplog, 2 * BURST);
      const { status, stderr, stdout } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const by = new Map<string, number>();
      for (const { iface } of parseJsonLines(stdout)) by.set(String(iface), (by.get(String(iface)) ?? 0) + 1);
      assert.deepEqual([...by], [['eth0', BURST], ['moved0', BURST]]);
      assert.equal(finalReport(stderr).linesWritten, 2 * BURST);
    });
  });
}
