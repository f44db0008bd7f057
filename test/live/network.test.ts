import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, tryCommand } from '../support/command.js';
import type { TestNetwork } from '../support/netns.js';
import { inNamespace, makeNetwork } from '../support/netns.js';
import { oracle } from '../support/oracle.js';
import type { WebServer } from '../support/servers.js';
import { startNginx, startRawServer } from '../support/servers.js';
import { startCapture } from '../support/tcpdump.js';
import { baseUrl, curl, runScenarios, sayRaw } from '../support/traffic.js';

const namespaces = (): string[] => command(['ip', 'netns', 'list']).split('\n').map((line) => line.split(' ')[0]);

/** A process of its own that makes a network with a sleeper inside and then ends as told. */
function makeAndEnd(prefix: string, ending: string): void {
  const support = new URL('../support/', import.meta.url).href;
  const program = `const { makeNetwork, inNamespace } = await import('${support}netns.js');
    const { startCommand } = await import('${support}command.js');
    startCommand(inNamespace(makeNetwork('${prefix}').client, ['sleep', '60']));
    await new Promise((resolve) => setTimeout(resolve, 100));
    ${ending}`;
  spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 120_000 });
}

describe('live: the test network itself', () => {
  let network: TestNetwork;
  let nginx: WebServer;
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-network-'));
    network = makeNetwork('testnetwork', 2);
    nginx = await startNginx(network.server);
  });
  after(async () => {
    await nginx?.stop();
    network?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('captures real traffic as the oracle then reads it', async () => {
    const file = join(directory, 'real.pcap');
    const capture = await startCapture(network.server, file);
    runScenarios(network.client, baseUrl(network.server), ['get', 'postLarge']);
    runScenarios(network.client, baseUrl(network.server, 8080, 6), ['head']);
    sayRaw(network.client, network.server.ipv4, 80, ['GET /raw HTTP/1.1\r\nHost: raw\r\n\r\n']);
    assert.deepEqual(await capture.stop(), { dropped: 0 });
    const requests = oracle(file, '80,8080').filter(({ type }) => type === 'request');
    assert.deepEqual(requests.map(({ method, target, src, dport }) => `${method} ${target} ${src} ${dport}`), [
      'GET / 198.18.1.2 80', 'POST /nothing 198.18.1.2 80', 'HEAD /file-5000.bin 2001:db8:1::2 8080', 'GET /raw 198.18.1.2 80']);
    const lengths = command(['tshark', '-r', file, '-T', 'fields', '-e', 'frame.len']).trim().split('\n').map(Number);
    assert.ok(Math.max(...lengths) <= 1514, 'no frame exceeds the MTU');
  });

  it('reaches the server from every leaf, each on its own link', () => {
    for (const { hub, leaf } of network.links) {
      const { stdout, status } = curl(leaf, [`${baseUrl(hub)}/echo`]);
      assert.equal(status, 0);
      assert.match(stdout, /^GET \d+\n$/);
    }
    assert.deepEqual(network.links.map(({ hub }) => hub.device), ['eth0', 'eth1']);
  });

  it('lets a raw server say anything', async () => {
    const server = await startRawServer(network.server, 8001, [Buffer.from('HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nhi')]);
    const { stdout } = curl(network.client, ['--write-out', ' %{http_code}', `http://${network.server.ipv4}:8001/`]);
    await server.stop();
    assert.equal(stdout, 'hi 299');
  });

  it('leaves nothing behind when closed, at the end of the process and on a signal', () => {
    const other = makeNetwork('testclosing');
    const { namespace } = other.client;
    assert.ok(namespaces().includes(namespace));
    other.close();
    other.close();
    assert.notEqual(tryCommand(inNamespace(namespace, ['true'])).status, 0);
    makeAndEnd('testclosing', 'process.exit(0);');
    makeAndEnd('testclosing', 'throw new Error("a test that failed");');
    makeAndEnd('testclosing', 'process.kill(process.pid, "SIGTERM"); await new Promise((r) => setTimeout(r, 5000));');
    assert.deepEqual(namespaces().filter((name) => name.startsWith('testclosing-')), []);
  });

  it('removes what a killed run left, and not what a live one uses', () => {
    makeAndEnd('teststale', 'process.kill(process.pid, "SIGKILL");');
    const left = namespaces().filter((name) => name.startsWith('teststale-'));
    assert.equal(left.length, 2);
    const first = makeNetwork('teststale');
    const second = makeNetwork('teststale');
    assert.deepEqual(namespaces().filter((name) => left.includes(name)), []);
    assert.ok(namespaces().includes(first.client.namespace));
    second.close();
    first.close();
  });
});
