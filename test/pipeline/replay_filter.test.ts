// -f on replay: what tcpdump takes from a file with an expression is what we take, on every link type, and it does not look at -p.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { comparable } from '../support/compare.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, parseJsonLines, withDirectory } from '../support/httplog.js';
import { lastReport } from '../support/totals.js';

const BOTH = '80,8080';

describe('replay: -f', function () {
  this.timeout(180_000);

  for (const [file, expression] of [
    ['basic-keepalive.pcap', 'tcp dst port 80'],
    ['basic-keepalive.pcap', 'tcp[tcpflags] & tcp-push != 0 and src host 198.18.1.1'],
    ['ipv6.pcap', 'ip6 and tcp port 8080'],
    ['ipv6.pcap', 'ip'],
    ['vlan.pcap', 'vlan and tcp port 80'],
    ['qinq.pcap', 'vlan and vlan and dst port 80'],
    ['vlan-ipv6.pcap', 'vlan 1 and vlan 2 and vlan 4094'],
    ['vlan.pcap', 'tcp port 80'],
    ['linux-sll.pcap', 'src port 80'],
    ['linux-sll2.pcap', 'dst port 80'],
    ['raw-ip.pcap', 'dst port 80 and greater 60'],
    ['null.pcap', 'tcp src port 80'],
    ['loop.pcap', 'tcp dst port 80'],
    ['loop.pcap', 'ip6'],
    ['null-big-endian.pcap', 'not tcp dst port 80'],
    ['null-big-endian.pcap', 'ip6'],
    ['snaplen-96.pcap', 'len > 300'],
    ['other-protocols.pcap', 'not tcp'],
  ] as const) {
    it(`${file}: '${expression}' passes what it passes for tcpdump`, async () => {
      await withDirectory((directory) => {
        const filtered = join(directory, 'filtered.pcap');
        command(['tcpdump', '-r', fixturePath(file), '-w', filtered, '-Z', 'root', expression]);
        const theirs = httplog(['-r', filtered, '-o', 'json', '-p', '1-65535']);
        const ours = httplog(['-r', fixturePath(file), '-o', 'json', '-f', expression]);
        assert.equal(ours.status, 0, ours.stderr);
        assert.deepEqual(parseJsonLines(ours.stdout).map(comparable), parseJsonLines(theirs.stdout).map(comparable));
        const [all, kept] = [ours, theirs].map(({ stderr }) => lastReport(stderr).sources[0]);
        assert.equal(all.received - (all.reasons['filter'] ?? 0), kept.received);
      });
    });
  }

  it('frames keep their number in the file, and -c counts behind the filter', () => {
    const file = fixturePath('basic-keepalive.pcap');
    const all = parseJsonLines(httplog(['-r', file, '-o', 'json']).stdout);
    assert.equal(all.length, 14);
    const requests = httplog(['-r', file, '-o', 'json', '-f', 'tcp dst port 80 and tcp[tcpflags] & tcp-push != 0', '-c', '2']);
    assert.deepEqual(parseJsonLines(requests.stdout), all.filter(({ kind }) => kind === 'CQ').slice(0, 2));
  });

  it('a file with two link types: the expression is compiled for each', async () => {
    await withDirectory((directory) => {
      const mixed = join(directory, 'mixed.pcapng');
      command(['mergecap', '-F', 'pcapng', '-w', mixed, fixturePath('vlan.pcap'), fixturePath('raw-ip.pcap')]);
      const run = (...options: string[]): Record<string, unknown>[] => {
        const { status, stdout, stderr } = httplog(['-r', mixed, '-o', 'json', ...options]);
        assert.equal(status, 0, stderr);
        return parseJsonLines(stdout);
      };
      const all = run();
      const tagged = all.filter(({ vlan }) => vlan !== undefined);
      assert.ok(tagged.length > 0 && tagged.length < all.length);
      assert.deepEqual(run('-f', 'len > 0'), all);
      // `vlan` means nothing on raw IP: no frame of it passes.
      assert.deepEqual(run('-f', 'vlan'), tagged);
      assert.deepEqual(run('-f', 'tcp port 80'), all.filter(({ vlan }) => vlan === undefined));
    });
  });

  it('the port test applies only if -p was given too', () => {
    const file = fixturePath('ipv6.pcap');
    const ports = (...options: string[]): unknown[] => [...new Set(parseJsonLines(httplog(['-r', file, '-o', 'json', ...options]).stdout)
      .filter(({ kind }) => kind === 'CQ').map(({ dport }) => dport))].sort();
    assert.deepEqual(ports('-f', 'tcp'), [80, 8080]);
    assert.deepEqual(ports('-f', 'tcp', '-p', '8080'), [8080]);
    assert.deepEqual(ports('-p', BOTH), [80, 8080]);
    assert.deepEqual(ports(), [80]);
  });

  it('an expression that does not compile: libpcap\'s words and exit 2, before anything is read', () => {
    for (const expression of ['tcp prot 80', 'vlan and and', 'host no-such-name.invalid']) {
      const { status, stdout, stderr } = httplog(['-r', fixturePath('vlan.pcap'), '-f', expression]);
      assert.deepEqual([status, stdout], [2, ''], stderr);
      assert.equal(stderr.split('\n').length, 2, stderr);
      assert.ok(stderr.startsWith('httplog: ') && stderr.includes('-f') && stderr.includes(expression), stderr);
    }
    assert.match(httplog(['-r', fixturePath('vlan.pcap'), '-f', 'tcp prot 80']).stderr, /syntax error/);
  });
});
