// Processes in network and PID namespaces of their own, as containers have, and httplog outside of them. Numbers in records are those of
// the host's PID namespace, which servers and clients read from the host's /proc.

import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { command, startCommand, until } from '../support/command.js';
import { linkHost } from '../support/host_link.js';
import { killStarted, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { type Line, named, recordsOf } from '../support/owner_place.js';
import { type OwnerServer, python, startAsking, startOwnerServer } from '../support/owner_servers.js';

const NODE = realpathSync(process.execPath);
/** Numbers of its own; /proc stays the host's. */
const CONTAINER = ['unshare', '-p', '-f', '--kill-child'];

describe('live: the process behind a record, in namespaces', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  const running: { stop(): Promise<void> }[] = [];
  before(() => {
    network = makeNetwork('procns', 3);
  });
  afterEach(async () => {
    killStarted();
    for (const one of running.splice(0).reverse()) await one.stop();
  });
  after(() => network.close());

  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    running.push(one);
    return one;
  };
  const answering = ({ content_type: type }: Line): number => Number(String(type).replace('pid/', ''));
  const asking = ({ target }: Line): number => Number(String(target).slice(1));
  const start = (where: Parameters<typeof startHttplog>[0], device: string): Promise<RunningHttplog> =>
    startHttplog(where, ['-i', device, '-d', '-', '-o', 'json', '-proc', '-p', '80']).ready();

  it('is the server inside, where httplog stands between two namespaces and neither end is its own', async () => {
    const [{ hub: near, leaf: asker }, { hub: far, leaf: served }] = network.links;
    command(inNamespace(near, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']));
    command(inNamespace(asker, ['ip', 'route', 'add', 'default', 'via', near.ipv4]));
    command(inNamespace(served, ['ip', 'route', 'add', 'default', 'via', far.ipv4]));
    keep(await startOwnerServer('plain', served, served.ipv4, 80, CONTAINER));
    const capture = await start(near, near.device);
    keep(startAsking(asker, served.ipv4, 80, 2, 40, CONTAINER));
    await capture.holds('the server of both connections', () => (
      new Set(named(recordsOf(capture, 'CR')).map(({ dport }) => dport)).size === 2 && named(recordsOf(capture, 'CQ')).length > 0));
    assert.equal(recordsOf(capture, 'SQ').length, 0);
    const [server] = new Set(recordsOf(capture, 'CR').map(answering));
    for (const line of named([...recordsOf(capture, 'CR'), ...recordsOf(capture, 'CQ')])) {
      assert.deepEqual([line['pid'], line['exe'], line['proc_via']], [server, python(), 'scan'], JSON.stringify(line));
    }
  });

  it('is nobody where a third namespace has the same connection', async () => {
    const [{ hub, leaf: asker }, { leaf: served }, { leaf: twin }] = network.links;
    command(inNamespace(twin, ['sh', '-ec', `ip addr add ${asker.ipv4}/32 dev lo; ip addr add ${served.ipv4}/32 dev lo`]));
    for (const where of [served, twin]) keep(await startOwnerServer('plain', where, served.ipv4, 80, CONTAINER));
    const client = [python(), '-c', `
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('${asker.ipv4}', 20444)); s.connect(('${served.ipv4}', 80))
while True: s.sendall(b'GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n'); s.recv(65536); time.sleep(0.04)`];
    const other = keep(startCommand(inNamespace(twin, client)));
    await until('the connection of the third', () => command(inNamespace(twin, ['ss', '-Htn', 'state', 'established'])).includes(':20444'));
    const capture = await start(hub, hub.device);
    keep(startCommand(inNamespace(asker, client)));
    await capture.holds('some answers', () => recordsOf(capture, 'CR').length >= 10);
    assert.deepEqual(named([...recordsOf(capture, 'CQ'), ...recordsOf(capture, 'CR')]), []);
    await other.stop();
  });

  it("is the host's end of a container's connection, by the way the connection goes", async () => {
    const { client: inside } = network;
    const link = linkHost(inside);
    try {
      keep(await startOwnerServer('plain', undefined, link.ipv4, 80));
      keep(await startOwnerServer('plain', inside, link.peer.ipv4, 80, CONTAINER));
      const capture = await start(undefined, link.device);
      keep(startAsking(inside, link.ipv4, 80, 2, 40, CONTAINER));
      const outgoing = keep(startAsking(undefined, link.peer.ipv4, 80, 2));
      await capture.holds('both ways', () => ['CQ', 'CR', 'SQ', 'SR'].every((kind) => named(recordsOf(capture, kind)).length >= 4));
      const [server] = new Set(recordsOf(capture, 'CR').map(answering));
      for (const line of named([...recordsOf(capture, 'CQ'), ...recordsOf(capture, 'CR')])) assert.deepEqual([line['pid'], line['exe']], [server, python()], JSON.stringify(line));
      for (const line of named(recordsOf(capture, 'SQ'))) assert.deepEqual([line['pid'], line['pid']], [outgoing.child.pid, asking(line)], JSON.stringify(line));
      for (const line of named(recordsOf(capture, 'SR'))) assert.deepEqual([line['pid'], line['exe']], [outgoing.child.pid, NODE], JSON.stringify(line));
    } finally {
      link.close();
    }
  });

  it('is the client by an IPv4-mapped address, and the server that listens for IPv6 and gets IPv4', async () => {
    const servers: OwnerServer[] = [keep(await startOwnerServer('plain', network.server, '::', 80))];
    const captures = [await start(network.client, network.client.device), await start(network.server, network.server.device)];
    keep(startAsking(network.client, `::ffff:${network.server.ipv4}`, 80, 2));
    await captures[0].holds('the client', () => named(recordsOf(captures[0], 'SQ')).length >= 2);
    await captures[1].holds('the server', () => named(recordsOf(captures[1], 'CR')).length >= 2);
    for (const line of named(recordsOf(captures[0], 'SQ'))) assert.deepEqual([line['pid'], line['exe'], line['src']], [asking(line), NODE, network.client.ipv4]);
    for (const line of named(recordsOf(captures[1], 'CR'))) assert.deepEqual([line['pid'], line['src']], [servers[0].pid, network.server.ipv4]);
  });

  it('is known once it accepts, however late that is', async () => {
    const server = keep(await startOwnerServer('late', network.server, network.server.ipv4, 80));
    const capture = await start(network.server, network.server.device);
    keep(startAsking(network.client, network.server.ipv4, 80, 2));
    await capture.holds('requests that nobody has accepted', () => recordsOf(capture, 'CQ').length >= 2);
    // Longer than a connection is looked up from its beginning.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(named(recordsOf(capture, 'CQ')), []);
    process.kill(server.pid, 'SIGUSR1');
    await capture.holds('the server', () => new Set(named(recordsOf(capture, 'CR')).map(({ dport }) => dport)).size === 2);
    for (const line of named(recordsOf(capture, 'CR'))) assert.equal(line['pid'], server.pid);
  });

  it('is the server where both ends are on one host, not the client', async () => {
    const server = keep(await startOwnerServer('plain', network.server, network.server.ipv4, 80));
    const capture = await start(network.server, 'lo');
    const client = keep(startAsking(network.server, network.server.ipv4, 80, 2));
    await capture.holds('requests and answers', () => ['CQ', 'CR'].every((kind) => named(recordsOf(capture, kind)).length >= 4));
    for (const line of recordsOf(capture, 'CQ')) assert.equal(asking(line), client.child.pid);
    for (const line of named([...recordsOf(capture, 'CQ'), ...recordsOf(capture, 'CR')])) assert.deepEqual([line['pid'], line['exe']], [server.pid, python()]);
  });
});
