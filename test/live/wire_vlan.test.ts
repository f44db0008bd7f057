// VLAN tags on a live wire: the kernel takes the outer tag off before a capture sees the frame, and what is logged must be the same
// as from the capture file that was sent.

import assert from 'node:assert/strict';
import { command } from '../support/command.js';
import { comparable, type JsonRecord } from '../support/compare.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { lastReport } from '../support/totals.js';

describe('live: VLAN tags', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2evlan');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  /** What is logged, by the real command, of a capture file sent over the wire. */
  async function logged(file: string, options: readonly string[]): Promise<string> {
    const { server, client } = network;
    const running = await startHttplog(server, ['-i', server.device, '-d', '-', '-utc', '-p', '80,8080', ...options]).ready();
    command(inNamespace(client, ['tcpreplay', '--quiet', '--mbps=10', `--intf1=${client.device}`, file]));
    const ended = await running.end('SIGTERM');
    assert.equal(ended.status, 0, ended.stderr);
    assert.deepEqual(lastReport(ended.stderr).sources.map(({ dropped, skipped }) => [dropped, skipped]), [[0, 0]]);
    return ended.stdout;
  }

  const replayed = (file: string, options: readonly string[]): string => httplog(['-r', file, '-utc', '-p', '80,8080', ...options]).stdout;
  const withoutTime = (text: string): string[] => text.split('\n').map((line) => line.split(' ').slice(2).join(' '));
  const withVlan = (text: string): JsonRecord[] => parseJsonLines(text).map((record) => ({ ...comparable(record), vlan: record['vlan'] }));

  for (const [fixture, column, options] of [
    ['vlan', /^vlan=\d+$/, []],
    ['qinq', /^vlan=\d+\.\d+$/, []],
    ['ipv6', /^vlan=-$/, []],
    // the built filter looks behind two tags, an expression behind any number
    ['vlan-ipv6', /^vlan=\d+\.\d+\.\d+$/, ['-f', 'vlan']],
  ] as const) {
    it(`${fixture}.pcap sent over the wire is logged as it is from the file`, async () => {
      const file = fixturePath(`${fixture}.pcap`);
      const text = await logged(file, ['-add_vlan', ...options]);
      assert.deepEqual(withoutTime(text), withoutTime(replayed(file, ['-add_vlan'])));
      const columns = withoutTime(text).filter((line) => line !== '').map((line) => line.split(' ')[3]);
      assert.ok(columns.length >= 2);
      for (const found of columns) assert.match(found, column);
    });
  }

  it('the json record lists the ids, outer first', async () => {
    const file = fixturePath('qinq.pcap');
    const records = withVlan(await logged(file, ['-o', 'json']));
    assert.deepEqual(records, withVlan(replayed(file, ['-o', 'json'])));
    for (const { vlan } of records) assert.ok(Array.isArray(vlan) && vlan.length === 2 && vlan.every(Number.isInteger), JSON.stringify(vlan));
  });

  it('a capture that tcprewrite has tagged anew has that tag', async () => {
    await withDirectory(async (directory) => {
      const file = `${directory}/tagged.pcap`;
      command(['tcprewrite', '--enet-vlan=add', '--enet-vlan-tag=1234', '--enet-vlan-cfi=0', '--enet-vlan-pri=5',
        `--infile=${fixturePath('basic-keepalive.pcap')}`, `--outfile=${file}`]);
      const records = withVlan(await logged(file, ['-o', 'json']));
      assert.equal(records.length, 14);
      for (const { vlan } of records) assert.deepEqual(vlan, [1234]);
    });
  });

  it('text without -add_vlan has no such column', async () => {
    assert.doesNotMatch(await logged(fixturePath('vlan.pcap'), []), /vlan=/);
  });
});
