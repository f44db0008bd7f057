// Tunnels, and link layers that BPF does not look into, by the real command: what is logged of a capture file sent over a wire is
// what is logged of the file.

import assert from 'node:assert/strict';
import { command } from '../support/command.js';
import { comparable, type JsonRecord } from '../support/compare.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, killStarted, parseJsonLines, startHttplog } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';

const TUNNELS = ['ipip', '6in4', 'gre', 'gre-teb', 'erspan', 'vxlan', 'geneve', 'gtpu', 'teredo', 'ah', 'nested-tunnels'];
const LINKS = ['snap', 'pppoe', 'mpls'];
const OPTIONS = ['-o', 'json', '-d', '-', '-p', '80,8080'];

/** All but what tells one capture of the wire from another, and with the wrappers. */
const records = (text: string): JsonRecord[] => parseJsonLines(text).map((record) => ({ ...comparable(record), encap: record['encap'] }));

describe('live: tunnels and other link layers', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('proofwire');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  for (const [what, names, decap] of [
    ['every tunnel, with -decap all', TUNNELS, ['-decap', 'all']],
    ['802.3, PPPoE and MPLS, without', LINKS, []],
  ] as const) {
    it(what, async () => {
      const { server, client } = network;
      const files = names.map((name) => fixturePath(`${name}.pcap`));
      const running = await startHttplog(server, ['-i', server.device, ...OPTIONS, ...decap]).ready();
      for (const file of files) command(inNamespace(client, ['tcpreplay', '--quiet', '--mbps=10', `--intf1=${client.device}`, file]));
      const ended = await running.end('SIGTERM');
      assert.equal(ended.status, 0, ended.stderr);
      const expected = files.flatMap((file) => records(httplog(['-r', file, ...OPTIONS, ...decap]).stdout));
      assert.deepEqual(records(ended.stdout), expected);
      assert.ok(expected.length >= 2 * names.length, `${expected.length} records`);
    });
  }

  it('without -decap nothing of a tunnel is logged', async () => {
    const { server, client } = network;
    const running = await startHttplog(server, ['-i', server.device, ...OPTIONS]).ready();
    for (const name of [...TUNNELS, 'http10']) {
      command(inNamespace(client, ['tcpreplay', '--quiet', '--mbps=10', `--intf1=${client.device}`, fixturePath(`${name}.pcap`)]));
    }
    const ended = await running.end('SIGTERM');
    assert.deepEqual(records(ended.stdout), records(httplog(['-r', fixturePath('http10.pcap'), ...OPTIONS]).stdout));
  });
});
