// What a replay does not look at (environment, implicit configuration), and what it does: the zone, the reader of its output.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryCommand } from '../support/command.js';
import { fixturePath } from '../support/fixtures.js';
import { HTTPLOG, httplog, withDirectory } from '../support/httplog.js';
import { readReports } from '../support/totals.js';

const KEEP_ALIVE = fixturePath('basic-keepalive.pcap');
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** The fixture with its first frame at `seconds` (its fraction stays) and each further one `spreadSeconds` later. */
function movedTo(seconds: number, spreadSeconds: number): Buffer {
  const bytes = Buffer.from(readFileSync(KEEP_ALIVE));
  for (let at = 24, frame = 0; at < bytes.length; frame++) {
    bytes.writeUInt32LE(seconds + frame * spreadSeconds, at);
    at += 16 + bytes.readUInt32LE(at + 8);
  }
  return bytes;
}

describe('replay: surroundings', function () {
  this.timeout(180_000);

  it('ignores the environment and an implicit configuration file', async () => {
    const plain = httplog(['-r', KEEP_ALIVE]);
    const env = { HTTPLOG_PORT: '9999', HTTPLOG_FILTER: 'udp', HTTPLOG_DIR: '/nowhere', HTTPLOG_C: '1', HTTPLOG_O: 'json', HTTPLOG_SNAPLEN: 'x' };
    assert.deepEqual(httplog(['-r', KEEP_ALIVE], { env }), plain);
    await withDirectory((directory) => {
      writeFileSync(join(directory, 'httplog.conf'), 'HTTPLOG_PORT=9999\nnot even valid\n');
      const result = tryCommand(['env', '--chdir', directory, 'TZ=UTC', HTTPLOG, '-r', resolve(KEEP_ALIVE)]);
      assert.deepEqual([result.status, result.stdout], [0, plain.stdout]);
      // One that is named counts.
      const named = tryCommand(['env', '--chdir', directory, HTTPLOG, '-r', resolve(KEEP_ALIVE), '-conf', 'httplog.conf']);
      assert.equal(named.status, 2, named.stderr);
    });
  });

  /** 2024-03-10 23:59:50 in UTC; each of the 43 frames a second later than the one before. */
  const BEFORE_MIDNIGHT_UTC = Date.UTC(2024, 2, 10, 23, 59, 50) / 1000;
  const days = (directory: string): Record<string, string[]> => Object.fromEntries(
    readdirSync(directory).filter((name) => name.startsWith('http-')).map((name) => [name, lines(readFileSync(join(directory, name), 'latin1'))]));

  for (const [zone, options, seconds, first, second] of [
    ['America/New_York', ['-utc'], BEFORE_MIDNIGHT_UTC, '2024-03-10', '2024-03-11'],
    ['America/New_York', [], BEFORE_MIDNIGHT_UTC + 4 * 3600, '2024-03-10', '2024-03-11'],
    ['Asia/Kathmandu', [], BEFORE_MIDNIGHT_UTC - 5.75 * 3600, '2024-03-10', '2024-03-11'],
  ] as const) {
    it(`records around midnight go to the day they show: ${zone} ${options.join(' ')}`, async () => {
      await withDirectory((directory) => {
        const file = join(directory, 'midnight.pcap');
        writeFileSync(file, movedTo(seconds, 1));
        const result = httplog(['-r', file, '-d', join(directory, 'log'), ...options], { env: { TZ: zone } });
        assert.equal(result.status, 0, result.stderr);
        const files = days(join(directory, 'log'));
        assert.deepEqual(Object.keys(files).sort(), [first, second].map((day) => `http-${day.replaceAll('-', '')}.log`));
        assert.equal(Object.values(files).flat().length, 14);
        for (const day of [first, second]) {
          const found = files[`http-${day.replaceAll('-', '')}.log`];
          assert.ok(found.length > 0 && found.every((line) => line.startsWith(`${day} `)), found.join('\n'));
        }
        assert.match(files[`http-${first.replaceAll('-', '')}.log`][0], / 23:59:5\d\.\d{3} /);
      });
    });
  }

  it('json is filed by the UTC day, in any zone', async () => {
    await withDirectory((directory) => {
      const file = join(directory, 'midnight.pcap');
      writeFileSync(file, movedTo(BEFORE_MIDNIGHT_UTC, 1));
      httplog(['-r', file, '-o', 'json', '-d', join(directory, 'log')], { env: { TZ: 'America/New_York' } });
      const files = days(join(directory, 'log'));
      assert.deepEqual(Object.keys(files).sort(), ['http-20240310.json', 'http-20240311.json']);
      for (const [name, found] of Object.entries(files)) {
        const day = name.replace(/http-(\d{4})(\d\d)(\d\d)\.json/, '$1-$2-$3');
        assert.ok(found.length > 0 && found.every((line) => line.startsWith(`{"time":"${day}T`)), found.join('\n'));
      }
    });
  });

  it('text is in the zone of the reader, -utc in UTC', () => {
    const first = (options: readonly string[], zone: string): string => (
      httplog(['-r', KEEP_ALIVE, ...options], { env: { TZ: zone } }).stdout.slice(0, '2024-01-01 00:00:00.000'.length));
    const utc = first(['-utc'], 'Asia/Kathmandu');
    assert.equal(first([], 'UTC'), utc);
    const local = Date.parse(`${first([], 'Asia/Kathmandu').replace(' ', 'T')}Z`);
    assert.equal(local - Date.parse(`${utc.replace(' ', 'T')}Z`), 5.75 * 3600_000);
  });

  it('a reader that has seen enough ends it quietly, exit 0', async () => {
    await withDirectory((directory) => {
      const files = Array.from({ length: 200 }, () => KEEP_ALIVE).join(' ');
      const script = `{ '${HTTPLOG}' -r ${files} 2>'${directory}/stderr'; echo $? >'${directory}/status'; } | head -n 1`;
      const { stdout } = tryCommand(['sh', '-c', script]);
      assert.equal(lines(stdout).length, 1);
      assert.equal(readFileSync(join(directory, 'status'), 'latin1'), '0\n');
      assert.equal(readFileSync(join(directory, 'stderr'), 'latin1'), '');
    });
  });

  it('a log directory that cannot be made or written: one line, exit 1, nothing written', async () => {
    await withDirectory((directory) => {
      writeFileSync(join(directory, 'file'), '');
      for (const target of [join(directory, 'file'), join(directory, 'file/below'), '/proc/httplog']) {
        const { status, stdout, stderr } = httplog(['-r', KEEP_ALIVE, '-d', target]);
        assert.equal(status, 1, stderr);
        assert.equal(stdout, '');
        assert.equal(lines(stderr).length, 1, stderr);
        assert.ok(stderr.startsWith(`httplog: cannot log to ${target}`), stderr);
      }
    });
  });

  it('the totals of a replay have one equation a file, and no kernel in them', () => {
    const { stderr } = httplog(['-r', KEEP_ALIVE, fixturePath('other-protocols.pcap')]);
    const [report, ...more] = readReports(stderr);
    assert.deepEqual(more, []);
    for (const source of report.sources) {
      assert.equal(source.received, source.handed);
      assert.deepEqual([source.dropped, source.waiting, source.pending], [0, 0, 0]);
      assert.ok(source.parsed > 0);
    }
  });
});
