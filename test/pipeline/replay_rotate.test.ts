// -rotate on replay: files by the records' own time, and by size.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeGenerated } from '../../bench/lib/generated.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, withDirectory } from '../support/httplog.js';

const MIB = 1 << 20;

/** The fixture, its frames 47 s apart from 2024-03-10 23:50:00 UTC on: over midnight. */
function spread(): Buffer {
  const bytes = readFileSync(fixturePath('basic-keepalive.pcap'));
  for (let at = 24, frame = 0; at < bytes.length; frame++) {
    bytes.writeUInt32LE(Date.UTC(2024, 2, 10, 23, 50) / 1000 + frame * 47, at);
    at += 16 + bytes.readUInt32LE(at + 8);
  }
  return bytes;
}

const logs = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('http-')).sort();

describe('replay: -rotate', function () {
  this.timeout(180_000);

  for (const format of ['text', 'json']) {
    it(`files ${format} by the quarter of an hour of its records`, async () => {
      await withDirectory((directory) => {
        const capture = join(directory, 'capture.pcap');
        writeFileSync(capture, spread());
        const files = join(directory, 'logs');
        const zone = { env: { TZ: 'Asia/Kathmandu' } };
        const args = ['-r', capture, '-o', format];
        const { status, stderr } = httplog([...args, '-d', files, '-rotate', '15m', '-cpu', '2'], zone);
        assert.equal(status, 0, stderr);
        // 5 h 45 min ahead; the days of json are those of UTC.
        assert.deepEqual(logs(files), format === 'json'
          ? ['http-20240310-2345.json', 'http-20240311-0000.json', 'http-20240311-0015.json']
          : ['http-20240311-0530.log', 'http-20240311-0545.log', 'http-20240311-0600.log']);
        for (const name of logs(files)) {
          const [, from] = /-(\d{4})\./.exec(name)!;
          for (const line of readFileSync(join(files, name), 'latin1').split('\n').slice(0, -1)) {
            const [, hour, minute] = /[ T](\d\d):(\d\d):/.exec(line)!;
            assert.equal(hour + String(Math.floor(Number(minute) / 15) * 15).padStart(2, '0'), from, line);
          }
        }
        assert.equal(logs(files).map((name) => readFileSync(join(files, name), 'latin1')).join(''), httplog(args, zone).stdout);
      });
    });
  }

  it('cuts files before they grow beyond a size, and goes on with the last one', async () => {
    await withDirectory((directory) => {
      const capture = join(directory, 'capture.pcap');
      const messages = writeGenerated(capture, { frames: 20_000, flows: 100, messageShare: 1, frameBytes: 300 });
      const files = join(directory, 'logs');
      const args = ['-r', capture, '-utc', '-o', 'tsv', '-d', files, '-rotate', '1M'];
      for (const workers of ['1', '2']) assert.equal(httplog([...args, '-cpu', workers]).status, 0);
      const names = logs(files);
      assert.ok(names.length > 4, names.join());
      assert.deepEqual(names, names.map((_, number) => `http-20231114.${String(number + 1).padStart(6, '0')}.tsv`));
      let records = 0;
      for (const [number, name] of names.entries()) {
        const text = readFileSync(join(files, name), 'latin1');
        const { size } = statSync(join(files, name));
        assert.ok(size <= MIB && (size > MIB - 1000 || number === names.length - 1), `${name}: ${size} bytes`);
        assert.ok(text.startsWith('#separator') && text.endsWith('\n'), name);
        records += text.split('\n').filter((line) => /^\d/.test(line)).length;
      }
      assert.equal(records, 2 * messages);
    });
  });

  it('has no place on standard output', () => {
    const { status, stderr } = httplog(['-r', fixturePath('basic-keepalive.pcap'), '-rotate', '1h']);
    assert.equal(status, 2);
    assert.match(stderr, /^httplog: option -rotate: goes with a log directory, -d DIR; [^\n]*\n$/);
  });
});
