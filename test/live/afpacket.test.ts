// What is AF_PACKET's alone: the kernel's buffer is read by the workers and given back, mapped and taken away; when libpcap steps in.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { command, startCommand, until } from '../support/command.js';
import { type TestNetwork, makeNetwork } from '../support/netns.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';
import { type CaptureRun, startCapture } from './libpcap_run.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** A program of more instructions than the kernel takes (4096): 6 for each octet of a sum. */
const longFilter = `tcp port 80 and ${Array.from({ length: 900 }, (_, i) => `tcp[${i % 60}]`).join(' + ')} != 1000000`;

/** Sockets whose buffers the process has mapped: `socket:[INODE]`. */
function mappedSockets({ pid }: CaptureRun): string[] {
  return [...readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/socket:\[\d+\]/g)].map(([name]) => name);
}

function hasOpen({ pid }: CaptureRun, socket: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === socket;
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** Frames of which every one is different, and differs from the one that takes its place in the kernel's buffer. */
function differentFrames(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => {
    const frame = request(700);
    new Uint32Array(frame.buffer, 100, 150).fill(number);
    return frame;
  });
}

describe('live capture through AF_PACKET', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  beforeEach(() => {
    network = makeNetwork('liveafpacket');
  });
  afterEach(() => network.close());

  it('leaves what the workers have as it is while the kernel goes round its buffer under load', async () => {
    const { client, server } = network;
    const file = frameFile(differentFrames(997));
    const load = startCommand(sendArguments(client, file.path, 1_000_000));
    try {
      const capture = startCapture(server.namespace, { capture: 'afpacket', bufferMiB: 1, holdMs: 8 });
      await capture.ready();
      await capture.holds('more than the buffer has, and losses', ({ batches, counts: [frames = 0], totals: [total] }) => (
        batches > 50 && frames > 20_000 && total.dropped > 0));
      const { totals: [total], batches, changed, counts, misnumbered } = await capture.stop();
      assert.equal(changed, 0);
      assert.equal(misnumbered, 0);
      assert.ok(batches > 50 && counts[0] > 20_000, `${batches} batches, ${counts[0]} frames`);
      // The kernel waits for its blocks, and counts what it cannot keep meanwhile.
      assert.ok(total.dropped > 0);
      assert.equal(total.received, total.dropped + total.handed);
      assert.equal(total.handed, counts[0]);
    } finally {
      await load.stop('SIGKILL');
      file.remove();
    }
  });

  it('unmaps the buffer of an interface that vanished only when the workers have let go of it', async () => {
    const { client, server } = network;
    const ip = (...args: string[]): string => command(['ip', '-n', server.namespace, ...args]);
    const hold = frameFile([]);
    const capture = startCapture(server.namespace, { capture: 'afpacket', holdWhile: hold.path });
    await capture.ready();
    const [socket, ...others] = mappedSockets(capture);
    assert.deepEqual([others, hasOpen(capture, socket)], [[], true]);
    send(client, differentFrames(500));
    await pause(300);
    ip('link', 'del', 'eth0');
    await until('the capture to close the socket', () => !hasOpen(capture, socket));
    await pause(1100); // it looks once a second what can be unmapped
    assert.deepEqual(mappedSockets(capture), [socket], 'a worker still reads there');
    hold.remove();
    ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.namespace);
    command(['ip', '-n', client.namespace, 'link', 'set', 'eth0', 'up']);
    ip('link', 'set', 'eth0', 'up');
    await capture.message((message) => message.type === 'notice' && message.text === 'eth0: capture resumed');
    await until('the old buffer to be unmapped', () => !mappedSockets(capture).includes(socket));
    assert.equal(mappedSockets(capture).length, 1, 'the new one');
    send(client, differentFrames(20));
    const result = await capture.stop();
    assert.deepEqual(result.counts, [520]);
    assert.equal(result.changed, 0);
  });

  it('is chosen by itself, and hands over the tag that the kernel took off', async () => {
    const capture = startCapture(network.server.namespace, { keepFrames: 10 });
    await capture.ready();
    const opened = capture.messages.find((message) => message.type === 'opened');
    assert.ok(opened?.type === 'opened');
    assert.equal(opened.way, 'afpacket');
    assert.equal(opened.bufferBytes, 8 << 20);
    const frame = request(100);
    const tagged = Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0x60, 7, ...frame.subarray(12));
    send(network.client, [tagged, frame]);
    const { frames } = await capture.stop();
    assert.deepEqual(frames.map(({ hex }) => hex), [tagged, frame].map((bytes) => Buffer.from(bytes).toString('hex')));
  });

  it('leaves a filter that the kernel does not take to libpcap, and says so', async () => {
    const capture = startCapture(network.server.namespace, { filter: longFilter });
    await capture.ready();
    send(network.client, [request(100)]);
    const { counts } = await capture.stop();
    assert.deepEqual(counts, [1]);
    const opened = capture.messages.find((message) => message.type === 'opened');
    assert.equal(opened?.type === 'opened' && opened.way, 'libpcap');
    assert.match(JSON.stringify(capture.messages), /eth0: no capture through AF_PACKET: the kernel does not take the filter .*; capturing through libpcap/);
  });

  it('does not leave it to libpcap when it was asked for by name', async () => {
    const capture = startCapture(network.server.namespace, { filter: longFilter, capture: 'afpacket' });
    await capture.end();
    const [failed] = capture.messages.filter((message) => message.type === 'failed');
    assert.match(failed.text, /^eth0: no capture through AF_PACKET: the kernel does not take the filter/);
  });
});
