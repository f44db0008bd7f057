// The options through the command: what is left out is counted, what is hidden does not show, in any format and with any workers.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httplog } from '../support/httplog.js';
import { LINK_TYPE, writePcap } from '../support/frames/pcap_file.js';
import { CLIENT4, ethernetFrame, ipv4Packet, SERVER4, tcpSegment } from '../support/packets.js';
import { lastReport } from '../support/totals.js';

const FLOWS = 200;
const FIRST_PORT = 40_000;

const request = (i: number): string => (
  `GET /${i % 2 === 0 ? 'api' : 'health'}/${i}?page=1&Access%5FToken=5ECRET HTTP/1.1\r\nHost: ${i % 4 === 0 ? 'a' : 'b'}.example.com:8080\r\n`
  + 'Referer: http://bob:5ECRET@h/\r\nAuthorization: Basic 5ECRET\r\nCookie: a=5ECRET\r\n\r\n');
const response = (i: number): string => `HTTP/1.1 ${i % 10 === 0 ? 503 : 200} X\r\nLocation: /?sig=5ECRET\r\nSet-Cookie: a=5ECRET\r\n\r\n`;

/** A request and its response of each flow. */
function frames(): Uint8Array[] {
  return Array.from({ length: FLOWS }, (_, i) => i).flatMap((i) => {
    const ports = { sourcePort: FIRST_PORT + i, destinationPort: 80 };
    const back = { sourcePort: 80, destinationPort: FIRST_PORT + i };
    return [
      ethernetFrame(0x0800, ipv4Packet(tcpSegment(request(i), ports))),
      ethernetFrame(0x0800, ipv4Packet(tcpSegment(response(i), back), { source: SERVER4, destination: CLIENT4 })),
    ];
  });
}

describe('policy: through the command', () => {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-policy-'));
  const file = join(directory, 'flows.pcap');
  before(() => {
    const capture = frames().map((bytes, i) => ({ seconds: 1567347411 + i, nanoseconds: 0, bytes, originalLength: bytes.length }));
    writeFileSync(file, writePcap({ linkType: LINK_TYPE.ETHERNET, frames: capture }));
  });
  after(() => { rmSync(directory, { recursive: true }); });

  /** Lines and the totals; every record is a line or left out. */
  function run(...args: string[]): { lines: string[]; leftOut: readonly [excluded: number, sampledOut: number]; stdout: string } {
    const { status, stdout, stderr } = httplog(['-r', file, '-utc', ...args]);
    assert.equal(status, 0, stderr);
    const lines = stdout.split('\n').slice(0, -1).filter((line) => !line.startsWith('#'));
    const [, excluded = '0', sampledOut = '0'] = /records .*; (\d+) left out by -include\/-exclude, (\d+) by -sample$/m.exec(stderr) ?? [];
    const report = lastReport(stderr);
    const records = Object.values(report.sources[0].records).reduce((sum, number) => sum + number, 0);
    assert.equal(records, lines.length);
    assert.equal(report.linesWritten, lines.length);
    assert.equal(records + Number(excluded) + Number(sampledOut), 2 * FLOWS);
    return { lines, leftOut: [Number(excluded), Number(sampledOut)], stdout };
  }

  it('-include and -exclude choose records, and the totals say how many are missing', () => {
    const chosen = run('-include', 'path=/api/* host=A.example.com', '-include', 'status=5??', '-exclude', 'path=/api/1*');
    assert.ok(chosen.lines.length > 20);
    for (const line of chosen.lines) assert.match(line, / CQ GET \/api\/[02-9]\S* HTTP\/1.1 a\.| CR HTTP\/1.1 503 /);
    assert.deepEqual(chosen.leftOut, [2 * FLOWS - chosen.lines.length, 0]);
    assert.equal(run('-exclude', 'addr=10.0.0.0/8').lines.length, 0);
    assert.deepEqual(run().leftOut, [0, 0]);
  });

  it('-sample keeps whole flows, the same with any number of workers', () => {
    const one = run('-sample', '4', '-cpu', '1');
    const portOf = (line: string): string => /#(4\d{4}) /.exec(line)![1];
    const flows = new Set(one.lines.map(portOf));
    assert.equal(one.lines.length, 2 * flows.size);
    assert.ok(flows.size > 25 && flows.size < 80, String(flows.size));
    assert.deepEqual(one.leftOut, [0, 2 * FLOWS - one.lines.length]);
    assert.deepEqual(run('-sample', '4', '-cpu', '2').lines, one.lines);
    const both = run('-sample', '4', '-exclude', 'status=*');
    assert.deepEqual(both.leftOut, [FLOWS, FLOWS - flows.size]);
  });

  it('-anonymize shows networks; kinds and rules come from the real addresses', () => {
    const { lines } = run('-anonymize', '16,32', '-local', '10.0.0.1', '-include', 'addr=192.0.2.80');
    assert.equal(lines.length, 2 * FLOWS);
    assert.match(lines[0], / 10\.0\.0\.0#40000 192\.0\.0\.0#80 SQ /);
    assert.match(lines[1], / 192\.0\.0\.0#80 10\.0\.0\.0#40000 SR /);
  });

  it('secrets do not show in any format, unless -redact off asks for them', () => {
    const headers = 'referer,location,authorization,cookie,set-cookie,proxy-authorization';
    const formats = [
      ['-o', 'text'], ['-o', 'json', '-headers', headers], ['-o', 'ecs', '-headers', headers],
      ['-o', 'tsv', '-fields', `all,${headers.split(',').map((name) => `headers.${name}`).join(',')}`],
    ];
    for (const args of formats) {
      for (const mode of [[], ['-redact', 'on'], ['-redact', 'query']]) {
        const { stdout, lines } = run(...args, ...mode);
        assert.equal(lines.length, 2 * FLOWS);
        assert.doesNotMatch(stdout, /5ECRET/);
        assert.equal(/page=1/.test(stdout), mode[1] !== 'query');
      }
      assert.match(run(...args, '-redact', 'off').stdout, /Access%5FToken=5ECRET/);
    }
  });

  it('json says that a record was redacted, as its last word', () => {
    const [first, second] = run('-o', 'json').lines;
    assert.match(first, /"target":"\/api\/0\?page=1&Access%5FToken=REDACTED".*,"redacted":true\}$/);
    assert.doesNotMatch(second, /redacted/);
    assert.doesNotMatch(run('-o', 'json', '-redact', 'off').stdout, /redacted/i);
  });

  it('a rule that says nothing is refused with what would do', () => {
    for (const text of ['', 'health', 'status=abc', `path=${'*'.repeat(65_536)}`]) {
      const { status, stdout, stderr } = httplog(['-r', file, `-exclude=${text}`]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^httplog: option -exclude: cannot use '.*wanted conditions such as host=/);
      assert.ok(stderr.length < 500);
    }
  });
});
