// Several interfaces in one run, and interfaces that come and go.

import assert from 'node:assert/strict';
import { command, tryCommand } from '../support/command.js';
import { type JsonRecord } from '../support/compare.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { finalReport } from '../support/totals.js';
import { baseUrl, curl } from '../support/traffic.js';

const requests = (records: readonly JsonRecord[]): string[] => records
  .filter(({ kind }) => kind === 'CQ').map(({ iface, target }) => `${String(iface)} ${String(target)}`);

/** Whether times never go back. (RFC 3339 in UTC: text order is time order.) */
const inOrder = (records: readonly JsonRecord[]): boolean => records.every(({ time }, at) => at === 0 || String(records[at - 1]['time']) <= String(time));

describe('live: several interfaces', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;

  before(async () => {
    network = makeNetwork('e2eifaces', 2);
    nginx = await startNginx(network.server);
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
  });

  /** One request over each link, in turn, and back again. */
  function ask(rounds: number, tag = ''): string[] {
    const said: string[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const { hub, leaf } of network.links) {
        curl(leaf, [`${baseUrl(hub)}/${tag}${round}`]);
        said.push(`${hub.device} /${tag}${round}`);
      }
    }
    return said;
  }

  it('-i a,b: each record names its interface, times never go back, each has totals of its own', async () => {
    const httplog = await startHttplog(network.server, ['-i', 'eth0,eth1', '-o', 'json', '-d', '-']).ready();
    const said = ask(5);
    curl(network.links[0].leaf, [`${baseUrl(network.links[0].hub)}/more`]);
    const { stdout, stderr, status } = await httplog.end('SIGTERM');
    assert.equal(status, 0, stderr);
    const records = parseJsonLines(stdout);
    assert.deepEqual(requests(records), [...said, 'eth0 /more']);
    assert.equal(records.length, 22);
    assert.ok(inOrder(records), stdout);
    const { sources, linesWritten } = finalReport(stderr);
    assert.deepEqual(sources.map(({ name, records: kinds }) => [name, kinds]), [
      ['eth0', { CQ: 6, CR: 6, SQ: 0, SR: 0 }], ['eth1', { CQ: 5, CR: 5, SQ: 0, SR: 0 }]]);
    assert.equal(linesWritten, 22);
    for (const name of ['eth0', 'eth1']) {
      assert.match(stderr, new RegExp(`^httplog: ${name}: link type Ethernet, through afpacket, snaplen 1560, buffer \\d+ bytes, .*filter `, 'mi'));
      const frames = records.filter(({ iface }) => iface === name).map(({ frame }) => Number(frame));
      assert.deepEqual(frames, frames.toSorted((a, b) => a - b));
      assert.ok(frames[0] < 10, 'frames are counted from 1 on each interface');
    }
  });

  it('-i a,b: text has if= right behind the kind; a single interface has not', async () => {
    const both = await startHttplog(network.server, ['-i', 'eth0,eth1', '-d', '-', '-add_vlan']).ready();
    const one = await startHttplog(network.server, ['-i', 'eth1', '-d', '-']).ready();
    ask(2);
    const lines = (await both.end('SIGTERM')).stdout.trimEnd().split('\n');
    const columns = lines.map((line) => line.split(' ').slice(4, 7));
    assert.deepEqual(columns.filter(([kind]) => kind === 'CQ').map((found) => found.slice(1).sort().join(' ')), [
      'if=eth0 vlan=-', 'if=eth1 vlan=-', 'if=eth0 vlan=-', 'if=eth1 vlan=-']);
    const { stdout } = await one.end('SIGTERM');
    assert.equal(stdout.trimEnd().split('\n').length, 4);
    assert.doesNotMatch(stdout, /if=/);
  });

  it('lines do not wait for a quiet interface for ever', async () => {
    const httplog = await startHttplog(network.server, ['-i', 'eth0,eth1', '-o', 'json', '-d', '-']).ready();
    curl(network.links[0].leaf, [`${baseUrl(network.links[0].hub)}/alone`]);
    await httplog.holds('the records of the busy interface', () => parseJsonLines(httplog.stdout).length === 2);
    assert.equal((await httplog.end('SIGTERM')).status, 0);
  });

  describe('-i any', () => {
    let httplog: RunningHttplog;
    const hubNamespace = (): string => network.server.namespace;
    const ip = (...args: string[]): string => command(['ip', '-n', hubNamespace(), ...args]);

    beforeEach(async () => {
      httplog = await startHttplog(network.server, ['-i', 'any', '-o', 'json', '-d', '-']).ready();
    });
    afterEach(() => {
      tryCommand(['ip', '-n', hubNamespace(), 'link', 'del', 'late0']);
    });

    /** A second way to the first leaf that is there from now on. */
    async function addLate(): Promise<void> {
      const leaf = network.links[0].leaf.namespace;
      const opened = httplog.stderr.split('late0: link type').length;
      ip('link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1', 'netns', leaf);
      ip('addr', 'add', '198.18.9.1/24', 'dev', 'late0');
      ip('link', 'set', 'late0', 'up');
      command(['ip', '-n', leaf, 'addr', 'add', '198.18.9.2/24', 'dev', 'late1']);
      command(['ip', '-n', leaf, 'link', 'set', 'late1', 'up']);
      await httplog.holds('late0 to be opened', () => httplog.stderr.split('late0: link type').length > opened);
    }
    const askLate = (target: string): unknown => curl(network.links[0].leaf, [`http://198.18.9.1/${target}`]);

    it('is one source per interface that is up', async () => {
      const said = ask(2);
      command(inNamespace(network.server, ['curl', '-s', '-o', '/dev/null', 'http://127.0.0.1/lo']));
      const { stdout, stderr, status } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.deepEqual(requests(parseJsonLines(stdout)), [...said, 'lo /lo']);
      assert.deepEqual(finalReport(stderr).sources.map(({ name, records }) => `${name} ${records['CQ']}`).sort(), ['eth0 2', 'eth1 2', 'lo 1']);
    });

    it('follows an interface that is made, removed and made again while it runs', async () => {
      const first = ask(1, 'before');
      await addLate();
      askLate('made');
      ip('link', 'del', 'late0');
      const between = ask(1, 'between');
      await addLate();
      askLate('again');
      const last = ask(1, 'after');
      const { stdout, stderr, status } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const records = parseJsonLines(stdout);
      assert.deepEqual(requests(records), [...first, 'late0 /made', ...between, 'late0 /again', ...last]);
      assert.ok(inOrder(records), stdout);
      const late = finalReport(stderr).sources.filter(({ name }) => name === 'late0' || name === '1 closed interface');
      assert.deepEqual(late.map(({ name, records: kinds, dropped }) => [name, kinds['CQ'], dropped]), [['late0', 1, 0], ['1 closed interface', 1, 0]]);
    });
  });

  it('a named interface that goes down and comes back is captured again', async () => {
    const [{ hub, leaf }] = network.links;
    const httplog = await startHttplog(network.server, ['-i', 'eth1', '-o', 'json', '-d', '-']).ready();
    const [, second] = network.links;
    const set = (state: string): string => command(['ip', '-n', hub.namespace, 'link', 'set', 'eth1', state]);
    curl(second.leaf, [`${baseUrl(second.hub)}/before`]);
    set('down');
    await httplog.says(/eth1: the interface went down; waiting for it to come back/);
    set('up');
    await httplog.says(/eth1: capture resumed/);
    command(['ip', '-n', hub.namespace, 'neigh', 'replace', second.leaf.ipv4, 'lladdr', second.leaf.mac, 'dev', 'eth1', 'nud', 'permanent']);
    curl(second.leaf, [`${baseUrl(second.hub)}/after`]);
    curl(leaf, [`${baseUrl(hub)}/elsewhere`]);
    const { stdout, stderr, status } = await httplog.end('SIGTERM');
    assert.equal(status, 0, stderr);
    assert.deepEqual(parseJsonLines(stdout).filter(({ kind }) => kind === 'CQ').map(({ target }) => target), ['/before', '/after']);
    finalReport(stderr);
  });
});
