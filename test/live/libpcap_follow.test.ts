// Interfaces that come, go, go down; addresses that change; and what is said when an interface cannot be had.

import assert from 'node:assert/strict';
import { command } from '../support/command.js';
import { type TestNetwork, makeNetwork } from '../support/netns.js';
import type { DriverFrame } from './libpcap_driver.js';
import { request, send } from './libpcap_frames.js';
import { type CaptureRun, captureThrough } from './libpcap_run.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const frames = (count: number): Uint8Array[] => Array.from({ length: count }, () => request(100));
const warnings = (capture: CaptureRun): string[] =>
  capture.messages.flatMap((message) => (message.type === 'warning' ? [message.text] : []));
const failures = (capture: CaptureRun): string[] =>
  capture.messages.flatMap((message) => (message.type === 'failed' ? [message.text] : []));
const count = (all: readonly DriverFrame[], link: string): number => all.filter((frame) => frame.link === link).length;
const says = (text: RegExp) => (message: { type: string; text?: string }): boolean => (message.type === 'warning' || message.type === 'notice') && text.test(message.text ?? '');

for (const way of ['afpacket', 'libpcap'] as const) {
  describe(`live capture through ${way}: following the interfaces`, function () {
    this.timeout(180_000);
    const startCapture = captureThrough(way);
    let network: TestNetwork;
    let hub: string;
    const ip = (...args: string[]): string => command(['ip', '-n', hub, ...args]);
    beforeEach(() => {
      network = makeNetwork('livefollow', 2);
      hub = network.server.namespace;
    });
    afterEach(() => network.close());

    it('resumes on an interface that went down and came up', async () => {
      const capture = startCapture(hub, { keepFrames: 1000 });
      await capture.ready();
      send(network.client, frames(10));
      await pause(300);
      ip('link', 'set', 'eth0', 'down');
      await capture.message(says(/^eth0: the interface went down; waiting/));
      await pause(600);
      ip('link', 'set', 'eth0', 'up');
      await capture.message(says(/^eth0: capture resumed$/));
      send(network.client, frames(20));
      const result = await capture.stop();
      assert.deepEqual(result.counts, [30]);
      assert.equal(result.misnumbered, 0);
      assert.equal(result.totals[0].handed, 30);
      assert.equal(result.totals[0].received, 30 + result.totals[0].dropped + result.totals[0].prefilter);
    });

    it('hands over what was captured before the interface vanished, and resumes when it is back', async () => {
      const capture = startCapture(hub, { interfaces: ['eth0', 'eth1'], keepFrames: 1000 });
      await capture.ready();
      send(network.client, frames(10));
      ip('link', 'del', 'eth0');
      await capture.message(says(/^eth0: the interface (vanished|went down); waiting/));
      send(network.links[1].leaf, frames(5));
      ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', network.client.namespace);
      command(['ip', '-n', network.client.namespace, 'link', 'set', 'eth0', 'up']);
      ip('link', 'set', 'eth0', 'up');
      await capture.message(says(/^eth0: capture resumed$/));
      send(network.client, frames(7));
      const result = await capture.stop();
      assert.deepEqual([count(result.frames, 'eth0'), count(result.frames, 'eth1')], [17, 5]);
      assert.deepEqual(result.counts, [17, 5]);
      assert.equal(result.misnumbered, 0);
    });

    it('opens for `any` every interface that is up, and follows', async () => {
      ip('link', 'set', 'eth1', 'down');
      const capture = startCapture(hub, { interfaces: ['any'], keepFrames: 1000 });
      await capture.ready();
      const opened = (): string[] => capture.messages.flatMap((message) => (message.type === 'opened' ? [message.name] : []));
      assert.deepEqual(opened().sort(), ['eth0', 'lo']);
      send(network.client, frames(10));
      ip('link', 'set', 'eth1', 'up');
      await capture.message((message) => message.type === 'opened' && message.name === 'eth1');
      send(network.links[1].leaf, frames(5));
      await pause(300);
      ip('link', 'del', 'eth1');
      ip('link', 'add', 'extra0', 'type', 'veth', 'peer', 'name', 'extra1');
      ip('link', 'set', 'extra0', 'up');
      ip('link', 'set', 'extra1', 'up');
      for (const name of ['extra0', 'extra1']) await capture.message((message) => message.type === 'opened' && message.name === name);
      send({ ...network.server, device: 'extra0' }, frames(3));
      const result = await capture.stop();
      assert.deepEqual(['eth0', 'eth1', 'lo', 'extra0', 'extra1'].map((name) => count(result.frames, name)), [10, 5, 0, 3, 3]);
      assert.equal(result.misnumbered, 0);
      assert.deepEqual(warnings(capture), []);
    });

    it('captures on a link without Ethernet headers', async () => {
      ip('tuntap', 'add', 'dev', 'tun0', 'mode', 'tun');
      ip('link', 'set', 'tun0', 'up');
      const capture = startCapture(hub, { interfaces: ['tun0'] });
      await capture.ready();
      await capture.stop();
      const [opened] = capture.messages.filter((message) => message.type === 'opened');
      assert.deepEqual([opened.name, opened.linkType], ['tun0', 101]);
      assert.doesNotMatch(opened.filter ?? 'vlan', /vlan/);
    });

    it('tells the local addresses, again when they change', async () => {
      const capture = startCapture(hub);
      await capture.ready();
      const [first] = capture.messages.filter((message) => message.type === 'local');
      assert.deepEqual([...first.addresses].sort(), ['127.0.0.0/8', '198.18.1.1', '198.18.2.1', '2001:db8:1::1', '2001:db8:2::1', '::1']);
      ip('addr', 'add', '198.18.9.9/24', 'dev', 'eth1');
      await capture.message((message) => message.type === 'local' && message.addresses.includes('198.18.9.9'));
      ip('addr', 'del', '198.18.9.9/24', 'dev', 'eth1');
      await capture.message((message) => message.type === 'local' && message !== first && !message.addresses.includes('198.18.9.9'));
      assert.equal((await capture.stop()).local, 6);
    });

    it('keeps the list of local networks it was given', async () => {
      const capture = startCapture(hub, { localGiven: [{ bytes: Uint8Array.of(10, 0, 0, 0), prefix: 8 }] });
      await capture.ready();
      ip('addr', 'add', '198.18.9.9/24', 'dev', 'eth1');
      await pause(400);
      assert.equal((await capture.stop()).local, 1);
      const lists = capture.messages.flatMap((message) => (message.type === 'local' ? [message.addresses] : []));
      assert.deepEqual(lists, [['10.0.0.0/8']]);
    });

    describe('what cannot be', () => {
      for (const [title, task, expected] of [
        ['an unknown interface', { interfaces: ['nosuch0'] }, [/^nosuch0: no such interface; there are lo, eth0, eth1$/]],
        ['one unknown of two', { interfaces: ['eth0', 'nosuch0'] }, [/^nosuch0: no such interface; there are lo, eth0, eth1$/]],
        ['a filter with a mistake', { filter: 'tcp prt 80' }, [/^eth0: the filter "tcp prt 80" does not compile: .*syntax error/]],
      ] as const) {
        it(`${title} is one line, and nothing is captured`, async () => {
          const capture = startCapture(hub, task as Parameters<typeof startCapture>[1]);
          const result = await capture.end();
          assert.equal(failures(capture).length, expected.length);
          expected.forEach((pattern, index) => assert.match(failures(capture)[index], pattern));
          assert.deepEqual(capture.messages.filter((message) => message.type === 'ready'), []);
          assert.deepEqual(result.counts, []);
        });
      }

      it('says that a mistake in the filter is one of usage', async () => {
        const capture = startCapture(hub, { filter: 'host' });
        await capture.end();
        const [failed] = capture.messages.filter((message) => message.type === 'failed');
        assert.equal(failed.usage, true);
      });

      it('an interface that is down says how to bring it up', async () => {
        ip('link', 'set', 'eth1', 'down');
        const capture = startCapture(hub, { interfaces: ['eth1'] });
        await capture.end();
        assert.deepEqual(failures(capture), ['eth1: the interface is down: bring it up with "ip link set eth1 up"']);
      });

      it('no permission names the capability and sudo', async () => {
        const capture = startCapture(hub, {}, ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']);
        await capture.end();
        assert.equal(failures(capture).length, 1);
        assert.match(failures(capture)[0], /^eth0: no permission to capture: .*sudo.*CAP_NET_RAW/);
      });

      it('a machine without libpcap names the packages, once', async () => {
        const hide = 'for file in $(ldconfig -p | sed -n "s/.*libpcap[.]so.* => //p"); do mount --bind /dev/null "$file" || exit 3; done; exec "$@"';
        const capture = startCapture(hub, { interfaces: ['eth0', 'eth1'] }, ['unshare', '--mount', 'sh', '-c', hide, 'sh']);
        await capture.end();
        assert.equal(failures(capture).length, 1);
        assert.match(failures(capture)[0], /^libpcap cannot be loaded .*libpcap0\.8 \(Debian, Ubuntu\) or libpcap \(Fedora, Alpine\)$/);
      });

      it('a namespace where nothing is up', async () => {
        for (const device of ['lo', 'eth0', 'eth1']) ip('link', 'set', device, 'down');
        const capture = startCapture(hub, { interfaces: ['any'] });
        await capture.end();
        assert.deepEqual(failures(capture), ['any: no interface is up; there are lo, eth0, eth1']);
      });
    });
  });
}
