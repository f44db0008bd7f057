// tsv and ecs through the real command: on standard output, in files, from one thread and from several.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryCommand } from '../support/command.js';
import { checkEcs } from '../support/ecs_fields.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, parseJsonLines, withDirectory } from '../support/httplog.js';
import { readZeekLog } from '../support/zeek_log.js';
import { ROOT } from '../scripts/project.js';

const KEEP_ALIVE = fixturePath('basic-keepalive.pcap');
const CAPTURES = readdirSync(join(ROOT, 'fixtures')).filter((name) => /\.pcap(?:ng)?(?:\.gz)?$/.test(name)).map(fixturePath);
const EVERYTHING = ['-p', '1-65535', '-decap', 'all', '-redact', 'off'];
const NAMES = ['referer', 'x-forwarded-for', 'location', 'server', 'content-encoding'];

/** Standard output as bytes, one a character. */
function zeekLog(args: readonly string[]): ReturnType<typeof readZeekLog> {
  const { status, stdout, stderr } = httplog([...args, '-o', 'tsv']);
  assert.equal(status, 0, stderr);
  return readZeekLog(Buffer.from(stdout).toString('latin1'));
}

describe('replay: formats', function () {
  this.timeout(180_000);

  it('tsv, json and ecs tell the same of every fixture', () => {
    const json = parseJsonLines(httplog(['-r', ...CAPTURES, ...EVERYTHING, '-o', 'json', '-headers', NAMES.join(','), '-add_community_id']).stdout);
    const { rows, headers } = zeekLog(['-r', ...CAPTURES, ...EVERYTHING, '-fields', `all,${NAMES.map((name) => `headers.${name}`).join(',')}`]);
    const ecs = parseJsonLines(httplog(['-r', ...CAPTURES, ...EVERYTHING, '-o', 'ecs', '-headers', NAMES.join(',')]).stdout);
    assert.equal(headers.length, 1);
    assert.ok(json.length > 500, String(json.length));
    assert.deepEqual([rows.length, ecs.length], [json.length, json.length]);
    const bytesOf = (value: unknown): unknown => (typeof value === 'string' ? Buffer.from(value).toString('latin1') : value);
    json.forEach((record, number) => {
      const row = rows[number];
      const headerFields = (record['headers'] ?? {}) as Record<string, string>;
      for (const name of NAMES) assert.equal(row[`headers.${name}`], bytesOf(headerFields[name]));
      for (const key of ['frame', 'iface', 'kind', 'src', 'sport', 'dst', 'dport', 'version', 'community_id']) assert.equal(row[key], bytesOf(record[key]), key);
      for (const flag of ['truncated', 'malformed']) assert.equal(row[flag], record[flag] ?? false);
      for (const list of ['vlan', 'encap']) assert.deepEqual(row[list], record[list]);
      const seconds = Date.parse(`${String(record['time']).slice(0, 19)}Z`) / 1000;
      assert.equal(row['ts'], `${String(seconds)}.${String(record['time']).slice(20, 29)}`);
      checkEcs(ecs[number], 'httplog');
      const { source, url, http, network } = ecs[number] as Record<string, Record<string, unknown>>;
      assert.deepEqual([source['ip'], source['port'], network['community_id']], [record['src'], record['sport'], record['community_id']]);
      assert.equal(url?.['original'], record['target']);
      assert.equal((http['response'] as Record<string, unknown> | undefined)?.['status_code'], record['status'] === undefined ? undefined : Number(record['status']));
    });
  });

  it('the community id is the one that tshark gives', () => {
    for (const name of ['basic-keepalive.pcap', 'ipv6.pcap', 'qinq.pcap']) {
      const shown = tryCommand(['tshark', '-r', fixturePath(name), '--enable-protocol', 'communityid', '-T', 'fields', '-e', 'frame.number', '-e', 'communityid']);
      const expected = new Map(shown.stdout.trim().split('\n').map((line) => line.split('\t') as [string, string]));
      const { rows } = zeekLog(['-r', fixturePath(name), '-p', '1-65535', '-fields', 'frame,community_id']);
      assert.ok(rows.length > 0);
      for (const { frame, community_id: id } of rows) assert.equal(id, expected.get(String(frame)));
    }
  });

  it('several workers write the same as one thread', () => {
    for (const format of ['tsv', 'ecs']) {
      const lines = (args: readonly string[]): string[] => httplog(['-r', KEEP_ALIVE, '-o', format, ...args]).stdout.split('\n').filter((line) => !line.startsWith('#open'));
      assert.deepEqual(lines(['-cpu', '2']), lines(['-cpu', '1']));
    }
  });

  it('a header field that is asked for under a name of every record', () => {
    const { rows } = zeekLog(['-r', KEEP_ALIVE, '-fields', 'host,headers.Host,kind']);
    assert.ok(rows.some(({ host }) => host !== undefined));
    for (const row of rows) assert.equal(row['headers.host'], row['host']);
  });

  it('without a record there is no header', () => {
    const { status, stdout } = httplog(['-r', KEEP_ALIVE, '-p', '9999', '-o', 'tsv']);
    assert.deepEqual([status, stdout], [0, '']);
  });

  it('files: .tsv by UTC days, a header each, again where columns change', async () => {
    await withDirectory((directory) => {
      const run = (...args: string[]): void => {
        const { status, stderr } = httplog(['-r', KEEP_ALIVE, '-o', 'tsv', '-d', directory, '-log_split', ...args], { env: { TZ: 'Pacific/Kiritimati' } });
        assert.equal(status, 0, stderr);
      };
      run('-fields', 'ts,kind');
      run('-fields', 'ts,kind');
      run('-fields', 'kind,host');
      assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith('http')).sort(), ['http-CQ-20261121.tsv', 'http-CR-20261121.tsv']);
      const { headers, rows } = readZeekLog(readFileSync(join(directory, 'http-CQ-20261121.tsv'), 'latin1'));
      assert.deepEqual(headers, [
        { fields: ['ts', 'kind'], types: ['time', 'enum'], path: 'httplog' }, { fields: ['kind', 'host'], types: ['enum', 'string'], path: 'httplog' },
      ]);
      assert.deepEqual(rows.map((row) => Object.keys(row).join()), [...Array.from({ length: 14 }, () => 'ts,kind'), ...Array.from({ length: 7 }, () => 'kind,host')]);
    });
  });

  it('files: .ecs.json by UTC days', async () => {
    await withDirectory((directory) => {
      const { status } = httplog(['-r', KEEP_ALIVE, '-o', 'ecs', '-d', directory], { env: { TZ: 'Pacific/Kiritimati' } });
      assert.equal(status, 0);
      assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith('http')), ['http-20261121.ecs.json']);
      const documents = parseJsonLines(readFileSync(join(directory, 'http-20261121.ecs.json'), 'utf8'));
      assert.equal(documents.length, 14);
      for (const document of documents) assert.equal('hostname' in (document['observer'] as object), false, 'who watched is not known');
    });
  });
});
