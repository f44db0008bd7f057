// Real servers and clients on a wire, the real command and tcpdump beside each other: our records are what tshark reads in
// tcpdump's file.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { asClient, assertSameRecords, expectedRecords, type JsonRecord } from '../support/compare.js';
import { killStarted, parseJsonLines, startHttplog } from '../support/httplog.js';
import { type End, inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { startNginx, startRawServer, type WebServer } from '../support/servers.js';
import { startCapture } from '../support/tcpdump.js';
import { finalReport } from '../support/totals.js';
import { baseUrl, CURL_SCENARIOS, curl, runScenarios, sayRaw, type ScenarioName } from '../support/traffic.js';

const ALL = Object.keys(CURL_SCENARIOS) as ScenarioName[];

interface Seen {
  readonly records: JsonRecord[];
  readonly file: string;
}

/** Both watch the end while `traffic` flows; the stop comes right behind its last answer, so that what was captured must be drained. */
type Watch = (end: End, options: readonly string[], traffic: () => void | Promise<void>, device?: string) => Promise<Seen>;

describe('live: records of a real wire are those of tshark', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  let directory: string;
  let files = 0;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-wire-'));
    network = makeNetwork('e2ewire', 2);
    nginx = await startNginx(network.server);
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const watch: Watch = async (end, options, traffic, device = end.device) => {
    const file = join(directory, `${++files}.pcap`);
    const capture = await startCapture(end, file, { device, filter: 'tcp port 80' });
    const httplog = await startHttplog(end, ['-i', device, '-o', 'json', '-d', '-', ...options]).ready();
    await traffic();
    const ended = await httplog.end('SIGTERM');
    assert.deepEqual(await capture.stop(), { dropped: 0 });
    assert.equal(ended.status, 0, ended.stderr);
    const records = parseJsonLines(ended.stdout);
    const [source] = finalReport(ended.stderr, 'any').sources;
    assert.equal(source.dropped, 0);
    assert.equal(source.waiting + source.pending, 0);
    assert.equal(Object.values(source.records).reduce((sum, kind) => sum + kind, 0), records.length);
    return { records, file };
  };

  it('on the server, every scenario, over IPv4 and IPv6', async () => {
    const { server, client } = network;
    const { records, file } = await watch(server, [], () => {
      runScenarios(client, baseUrl(server), ALL);
      runScenarios(client, baseUrl(server, 80, 6), ['get', 'keepAlive', 'chunked', 'postLarge', 'notFound', 'redirect']);
    });
    assertSameRecords(records, expectedRecords(file), 80);
    const methods = new Set(records.map((record) => record['method']));
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND', 'REPORT', 'MKCOL']) {
      assert.ok(methods.has(method), method);
    }
    assert.ok(records.some(({ src }) => src === '2001:db8:1::2'));
    const frames = records.map(({ frame }) => Number(frame));
    assert.deepEqual(frames, frames.toSorted((a, b) => a - b), 'records come in capture order');
    for (const { time } of records) assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 90_000, String(time));
  });

  it('marks what leaves its packet as truncated, and keeps what it could see', async () => {
    const { server, client } = network;
    const { records } = await watch(server, [], () => runScenarios(client, baseUrl(server), ['longUrl', 'longHeaders']));
    const [longUrl, , longHeaders] = records;
    assert.equal(longUrl['truncated'], true);
    assert.equal(longUrl['version'], undefined);
    assert.match(String(longUrl['target']), /^\/nothing\?(0123456789){100}/);
    assert.deepEqual([longHeaders['target'], longHeaders['version'], longHeaders['truncated']], ['/nothing', 'HTTP/1.1', true]);
    assert.equal(records.length, 4);
  });

  it('on the client it is SQ and SR', async () => {
    const { server, client } = network;
    const { records, file } = await watch(client, [], () => runScenarios(client, baseUrl(server), ['get', 'keepAlive', 'http10', 'propfind']));
    assertSameRecords(records, asClient(expectedRecords(file)), 16);
  });

  it('in the middle, where neither end is local, it is CQ and CR', async () => {
    const [{ hub, leaf: far }, { leaf }] = network.links;
    const remote = await startNginx(far);
    command(inNamespace(hub, ['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']));
    for (const [from, net, via] of [[leaf, '198.18.1.0/24', '198.18.2.1'], [far, '198.18.2.0/24', '198.18.1.1']] as const) {
      command(['ip', '-n', from.namespace, 'route', 'add', net, 'via', via]);
    }
    const { records, file } = await watch(hub, [], () => runScenarios(leaf, baseUrl(far), ['get', 'head', 'postSmall', 'notFound']));
    await remote.stop();
    assertSameRecords(records, expectedRecords(file), 8);
    assert.deepEqual([records[0]['src'], records[0]['dst']], [leaf.ipv4, far.ipv4]);
  });

  it('on loopback each packet is seen once, as CQ and CR', async () => {
    const { server } = network;
    const { records, file } = await watch(server, [], () => runScenarios(server, 'http://127.0.0.1', ['get', 'keepAlive', 'chunked']), 'lo');
    // The oracle's file has every packet of lo once: tcpdump leaves out the outgoing copy.
    assertSameRecords(records, expectedRecords(file), 16);
    assert.equal(new Set(records.map(({ frame, sport, target }) => `${frame} ${sport} ${target}`)).size, records.length);
    assert.ok(records.every(({ src, kind }) => src === '127.0.0.1' && (kind === 'CQ' || kind === 'CR')));
  });

  it('-local decides in place of this host\'s addresses', async () => {
    const { server, client } = network;
    const given = ['-local', `${client.ipv4},2001:db8:1::/64`];
    const { records, file } = await watch(server, given, () => runScenarios(client, baseUrl(server), ['get', 'notFound']));
    assertSameRecords(records, asClient(expectedRecords(file)), 4);
    const both = await watch(server, given, () => runScenarios(client, baseUrl(server, 80, 6), ['get']));
    assertSameRecords(both.records, expectedRecords(both.file), 2);
  });

  it('reads pipelined messages and hostile values as tshark does', async () => {
    const [{ leaf: client, hub: server }] = network.links;
    await nginx.stop();
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 Not\x1b[2J Found\r\nContent-Type: text/\x80html\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 \r\nContent-Length: 00012\r\nContent-Type: a b\tc\r\n\r\n',
      'HTTP/1.0 500 Oh dear\nContent-Length: 99999999999999999999\n\n',
    ];
    const raw = await startRawServer(server, 80, answers.map((text) => Buffer.from(text, 'latin1')));
    const { records, file } = await watch(server, [], () => {
      sayRaw(client, server.ipv4, 80, [
        'GET /1 HTTP/1.1\r\nHost: one\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: two\r\n\r\nPOST /3 HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET GET /4 HTTP/1.1\r\n\r\n',
        'GET /5 HTTP/1.1\r\nHost: x\x1b]0;owned\x07\r\nUser-Agent: \\x41 \xff\xfe b\xc3\xbccher\r\n\r\n',
        'OPTIONS * HTTP/1.1\r\nHOST:\t spaced \t\r\nHost: second\r\nuser-agent:\r\n\r\n',
      ]);
    });
    await raw.stop();
    assertSameRecords(records, expectedRecords(file), 10);
    const targets = records.filter(({ kind }) => kind === 'CQ').map(({ target }) => target);
    assert.deepEqual(targets, ['/1', '/2', '/3', '/4', '/5', '*']);
  });

  it('on a port nobody asked for there is nothing', async () => {
    const [{ leaf: client, hub: server }] = network.links;
    nginx = await startNginx(server);
    const { records } = await watch(server, ['-p', '8080'], () => {
      curl(client, [`${baseUrl(server, 80)}/unseen`]);
      curl(client, [`${baseUrl(server, 8080)}/seen`]);
    });
    assert.deepEqual(records.map(({ target, status }) => target ?? status), ['/seen', 404]);
  });
});
