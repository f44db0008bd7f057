// tsv and ecs of a live interface: what is logged, under which header, also when files are opened again.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { command, until } from '../support/command.js';
import { checkEcs } from '../support/ecs_fields.js';
import { fixturePath } from '../support/fixtures.js';
import { killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { readZeekLog } from '../support/zeek_log.js';

const CAPTURE = fixturePath('basic-keepalive.pcap');
const RECORDS = 14;

/** What a process has open, by name. */
function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe('live: formats', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2eformats');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  const send = (): void => {
    command(inNamespace(network.client, ['tcpreplay', '--quiet', '--mbps=10', `--intf1=${network.client.device}`, CAPTURE]));
  };

  it('tsv: the header stands at the top, and again at the top of the file that follows a moved one', async () => {
    await withDirectory(async (directory) => {
      const { server } = network;
      const fields = 'iface,kind,host,headers.server';
      const running = await startHttplog(server, ['-i', server.device, '-d', directory, '-o', 'tsv', '-fields', fields]).ready();
      const files = (): string[] => readdirSync(directory).filter((name) => /^http-\d{8}\.tsv$/.test(name)).map((name) => join(directory, name));
      const lines = (): number => files().flatMap((file) => readFileSync(file, 'latin1').split('\n')).filter((line) => /^[^#]/.test(line)).length;
      send();
      await until('the records are in the file', () => lines() === RECORDS);
      const [file] = files();
      const moved = `${file}.1`;
      renameSync(file, moved);
      running.child.kill('SIGHUP');
      await until('the moved file is closed', () => !openFiles(running.pid).includes(moved));
      send();
      await until('the records are in the next file', () => lines() === RECORDS);
      const ended = await running.end('SIGTERM');
      assert.equal(ended.status, 0, ended.stderr);
      for (const { headers, rows } of [moved, ...files()].map((path) => readZeekLog(readFileSync(path, 'latin1')))) {
        assert.equal(rows.length, RECORDS);
        assert.deepEqual(headers.map((header) => header.fields.join()), [fields]);
        for (const row of rows) assert.equal(row['iface'], server.device);
        assert.ok(rows.some((row) => String(row['headers.server']).startsWith('nginx')));
      }
    });
  });

  it('ecs: the observer is this host and the interface', async () => {
    const { server } = network;
    const running = await startHttplog(server, ['-i', server.device, '-d', '-', '-o', 'ecs']).ready();
    send();
    await running.holds('the records are there', () => running.stdout.split('\n').length > RECORDS);
    const ended = await running.end('SIGTERM');
    assert.equal(ended.status, 0, ended.stderr);
    const documents = parseJsonLines(ended.stdout);
    assert.equal(documents.length, RECORDS);
    for (const document of documents) {
      checkEcs(document, 'httplog');
      assert.deepEqual(document['observer'], {
        product: 'httplog', type: 'sensor', hostname: hostname(), ingress: { interface: { name: server.device } },
      });
    }
  });
});
