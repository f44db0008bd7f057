// What the kernel counted is what was dropped, handed over, and came before the filter: also when started and stopped under load.

import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startCommand } from '../support/command.js';
import { type TestNetwork, makeNetwork } from '../support/netns.js';
import type { DriverResult } from './libpcap_driver.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';
import { captureThrough } from './libpcap_run.js';

/** The equation, the ring and the board at one. */
function assertExact({ totals, counts, misnumbered }: DriverResult): void {
  assert.deepEqual(totals.map(({ handed }) => handed), counts);
  for (const { received, dropped, handed, prefilter, open } of totals) {
    assert.equal(received, dropped + handed + prefilter);
    assert.equal(open, 0);
  }
  assert.equal(misnumbered, 0);
}

const lossWarnings = (messages: readonly { type: string }[]): unknown[] => messages.filter((message) => message.type === 'warning');

for (const way of ['afpacket', 'libpcap'] as const) {
  describe(`live capture through ${way}: the totals`, function () {
    this.timeout(180_000);
    const startCapture = captureThrough(way);
    let network: TestNetwork;
    before(() => {
      network = makeNetwork('livetotals', 3);
    });
    after(() => network.close());

    it('counts every frame of a burst', async () => {
      const capture = startCapture(network.server.namespace);
      await capture.ready();
      send(network.client, Array.from({ length: 5000 }, () => request(300)));
      const result = await capture.stop();
      assertExact(result);
      assert.deepEqual(result.totals[0], { received: 5000, dropped: 0, handed: 5000, prefilter: 0, interfaceDropped: 0, open: 0 });
      assert.equal(result.empty, 0);
    });

    for (const [title, snaplen, ports, filter] of [
      ['everything passes', 1560, [{ first: 80, last: 80 }], ''],
      ['little passes', 1560, [{ first: 81, last: 81 }], ''],
      ['whole frames', 65535, [{ first: 80, last: 80 }], ''],
      ['a filter of the user', 200, [{ first: 80, last: 80 }], 'tcp'],
    ] as const) {
      it(`adds up when started and stopped under load: ${title}`, async () => {
        const { client, server } = network;
        const file = frameFile(Array.from({ length: 1000 }, (_, index) => request(200, index % 50 === 0 ? 81 : 80)));
        const load = startCommand(sendArguments(client, file.path, 1_000_000));
        try {
          for (let round = 0; round < 3; round++) {
            const capture = startCapture(server.namespace, { snaplen, ports: [...ports], filter });
            await capture.ready();
            await capture.holds('frames', ({ counts: [frames = 0] }) => frames > 100);
            const result = await capture.stop();
            assertExact(result);
            assert.ok(result.totals[0].handed > 100, JSON.stringify(result.totals));
            assert.deepEqual(lossWarnings(capture.messages), []);
          }
        } finally {
          await load.stop('SIGKILL');
          file.remove();
        }
      });
    }

    it('adds up when the workers are slow and the kernel drops', async () => {
      const { client, server } = network;
      const file = frameFile(Array.from({ length: 1000 }, () => request(1000)));
      const load = startCommand(sendArguments(client, file.path, 1_000_000));
      try {
        const capture = startCapture(server.namespace, { slots: 2, slotBytes: 1 << 20, slowMs: 50, bufferMiB: 2 });
        await capture.ready();
        await capture.holds('losses', ({ totals: [total] }) => total !== undefined && total.dropped > 1000);
        const result = await capture.stop();
        assertExact(result);
        assert.ok(result.totals[0].dropped > 1000, JSON.stringify(result.totals));
      } finally {
        await load.stop('SIGKILL');
        file.remove();
      }
    });

    it('drops what is left, and says so, when told to stop at once', async () => {
      const { client, server } = network;
      const file = frameFile(Array.from({ length: 1000 }, () => request(1000)));
      const load = startCommand(sendArguments(client, file.path, 1_000_000));
      try {
        const capture = startCapture(server.namespace, { slots: 2, slotBytes: 1 << 20, slotFrames: 500, slowMs: 100 });
        await capture.ready();
        await capture.holds('more than the ring has', ({ batches }) => batches >= 4);
        const result = await capture.stop('abandon');
        assertExact(result);
        assert.match(JSON.stringify(capture.messages), /[1-9]\d* frames were left in the kernel's buffer/);
      } finally {
        await load.stop('SIGKILL');
        file.remove();
      }
    });

    it('sees a packet on loopback once, and still adds up', async () => {
      const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const capture = startCapture('', { interfaces: ['lo'], ports: [{ first: port, last: port }], keepFrames: 1000 });
      await capture.ready();
      const ask = async (): Promise<void> => {
        const [response] = await once(get({ host: '127.0.0.1', port, agent: false }), 'response');
        response.resume();
        await once(response, 'end');
      };
      for (let request = 0; request < 20; request++) await ask();
      const result = await capture.stop();
      server.close();
      assertExact(result);
      assert.equal(result.totals[0].dropped, 0);
      const requests = result.frames.filter((frame) => frame.hex.includes(Buffer.from('GET / HTTP/1.1').toString('hex')));
      assert.equal(requests.length, 20);
    });

    for (const count of [0, 1, 1000]) {
      it(`stops by itself after exactly ${count} frames, under load`, async () => {
        const { client, server } = network;
        const file = frameFile(Array.from({ length: 1000 }, () => request(100)));
        const load = startCommand(sendArguments(client, file.path, 1_000_000));
        try {
          const capture = startCapture(server.namespace, { count });
          const result = await capture.end();
          assert.equal(result.counts.reduce((sum, frames) => sum + frames, 0), count);
          assertExact(result);
          assert.deepEqual(lossWarnings(capture.messages), []);
        } finally {
          await load.stop('SIGKILL');
          file.remove();
        }
      });
    }

    it('keeps several interfaces apart, shares the count, and moves the watermark of an idle one', async () => {
      const { links } = network;
      const devices = links.map(({ hub }) => hub.device);
      const capture = startCapture(links[0].hub.namespace, { interfaces: devices, keepFrames: 5000 });
      await capture.ready();
      for (let round = 0; round < 3; round++) {
        send(links[0].leaf, Array.from({ length: 100 }, () => request(100)));
        send(links[1].leaf, Array.from({ length: 50 }, () => request(200)));
      }
      await capture.holds('the watermark of the idle one', ({ empty }) => empty > 0);
      const result = await capture.stop();
      assertExact(result);
      assert.deepEqual(result.counts, [300, 150, 0]);
      assert.deepEqual(new Set(result.frames.map(({ row, link, wireLength }) => `${row} ${link} ${wireLength}`)), new Set(['0 eth0 100', '1 eth1 200']));
      assert.ok(result.empty > 0);
      const opened = capture.messages.filter((message) => message.type === 'opened').map(({ row, name, linkType }) => ({ row, name, linkType }));
      assert.deepEqual(opened, devices.map((name, row) => ({ row, name, linkType: 1 })));
    });

    it('counts -c over all interfaces', async () => {
      const { links } = network;
      const capture = startCapture(links[0].hub.namespace, { interfaces: ['eth0', 'eth1'], count: 70 });
      await capture.ready();
      send(links[0].leaf, Array.from({ length: 50 }, () => request(100)));
      send(links[1].leaf, Array.from({ length: 50 }, () => request(100)));
      const result = await capture.end();
      assert.equal(result.counts.reduce((sum, frames) => sum + frames, 0), 70);
      assertExact(result);
    });

    it('tells nanoseconds and the buffer it was granted', async () => {
      const capture = startCapture(network.server.namespace, { bufferMiB: 24, keepFrames: 200 });
      await capture.ready();
      const sent = Math.floor(Date.now() / 1000);
      send(network.client, Array.from({ length: 100 }, () => request(100)));
      const { frames } = await capture.stop();
      const opened = capture.messages.find((message) => message.type === 'opened');
      assert.ok(opened?.type === 'opened');
      assert.equal(opened.timestampPrecision, 'ns');
      assert.ok(opened.bufferBytes !== undefined && Math.abs(opened.bufferBytes - (24 << 20)) <= 1 << 20, `${opened.bufferBytes}`);
      assert.ok(frames.some((frame) => frame.nanoseconds % 1000 !== 0));
      const now = Date.now() / 1000;
      assert.ok(frames.every((frame) => frame.time >= sent && frame.time <= now));
    });
  });
}
