import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { formatNetwork } from '../../src/config/network.js';
import { listAddresses, localNetworks } from '../../src/host/addresses.js';
import { type Link, listLinks } from '../../src/host/links.js';
import { RouteSocket } from '../../src/host/route_socket.js';

const link = (index: number, loopback: boolean): Link => ({ index, name: `link${index}`, up: true, running: true, loopback });

describe('local addresses', () => {
  it('are single, but whole IPv4 networks on loopback, each once', () => {
    const ipv6 = new Uint8Array(16);
    ipv6[15] = 1;
    const networks = localNetworks([link(1, true), link(2, false)], [
      { link: 1, bytes: Uint8Array.of(127, 0, 0, 1), prefix: 8 },
      { link: 1, bytes: Uint8Array.of(127, 0, 0, 2), prefix: 8 },
      { link: 1, bytes: ipv6, prefix: 128 },
      { link: 1, bytes: Uint8Array.of(192, 0, 2, 77), prefix: 27 },
      { link: 2, bytes: Uint8Array.of(198, 18, 0, 1), prefix: 24 },
      { link: 3, bytes: Uint8Array.of(198, 18, 0, 1), prefix: 16 },
    ]);
    assert.deepEqual(networks.map(formatNetwork), ['127.0.0.0/8', '::1', '192.0.2.64/27', '198.18.0.1']);
  });

  it('of this machine are those that Node finds', () => {
    const socket = new RouteSocket(0);
    const found = new Set(localNetworks(listLinks(socket), listAddresses(socket)).map(formatNetwork));
    socket.close();
    for (const { address, internal, family } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
      if (!internal || family === 'IPv6') assert.ok(found.has(address), `${address} in ${[...found].join(' ')}`);
    }
    assert.ok(found.has('127.0.0.0/8'));
  });
});
