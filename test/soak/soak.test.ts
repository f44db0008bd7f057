// Every fault of a soak once, in every run of the tests, from another seed each time; and proof that its checks notice.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tryCommand } from '../support/command.js';
import { BoundedFiles } from './bounded_files.js';
import { FAULTS } from './faults.js';
import { RecordFiles } from './record_files.js';
import { RecordPipe } from './record_pipe.js';
import { renderReport } from './report.js';
import { soak } from './soak.js';
import { memoryCheck, outputChecks, slope, totalsChecks } from './verdict.js';
import { type Sample, Watched } from './watched.js';

const SECONDS = 1;

describe('soak', function () {
  this.timeout(180_000);

  it('survives every fault, and all adds up', async () => {
    const seed = Date.now() % 2 ** 32;
    const outcome = await soak({ seconds: SECONDS, seed, say: () => undefined });
    const report = renderReport(outcome, seed);
    // Over so short a time memory says nothing: garbage is collected later.
    const violated = outcome.checks.filter(({ holds, what }) => !holds && !what.includes('memory'));
    assert.deepEqual(violated, [], report);
    assert.deepEqual([...outcome.faults.keys()].sort(), FAULTS.map(({ name }) => name).sort());
    assert.ok(outcome.checks.length >= 27 && outcome.requests > 0, report);
    for (const { what } of outcome.checks) assert.ok(report.includes(`| ${what} | `), what);
  });

  it('notices memory that grows, and too much of it', () => {
    const samples = (mib: (second: number) => number): Sample[] =>
      Array.from({ length: 1200 }, (_, atS) => ({ atS, residentKiB: mib(atS) * 1024, threads: 1, descriptors: 1 }));
    const holds = (mib: (second: number) => number): boolean => memoryCheck('x', samples(mib)).holds;
    assert.equal(holds((second) => 100 + 10 * Math.sin(second)), true, 'a heap that breathes');
    assert.equal(holds((second) => Math.min(150, 100 + second)), true, 'a warm-up');
    assert.equal(holds((second) => 100 + second * 0.03), false, 'a leak');
    assert.equal(holds(() => 400), false, 'too much');
    assert.equal(slope([[0, 1], [1, 3], [2, 5]]), 2);
  });

  /** Something that says what httplog would say, and ends. */
  async function saying(lines: readonly string[], status = 0): Promise<Watched> {
    const watched = new Watched('x', ['sh', '-c', `printf '%s\\n' "$@" >&2; exit ${status}`, 'sh', ...lines]);
    await watched.over();
    return watched;
  }
  const totals = (received: number, handed: number, records: number, written: number, lost = 0): string[] => [
    `httplog: eth0: ${received} received = ${handed} handed over + 0 dropped by the kernel`,
    `httplog: eth0: ${handed} handed over = ${handed} parsed + 0 skipped`,
    'httplog: eth0: of the parsed 0 without payload, 0 begin no message',
    `httplog: eth0: records ${records} CQ, 0 CR, 0 SQ, 0 SR; 0 dropped by the interface`,
    `httplog: ${written} lines and ${written * 10} bytes written, ${lost} lines lost, 0 write errors`,
  ];
  const violations = (watched: Watched): string[] => totalsChecks(watched).filter(({ holds }) => !holds).map(({ what }) => what.replace('x: ', '').slice(0, 14));

  it('notices totals that do not add up, that fall, lines that are not accounted for, an end that was not asked for', async () => {
    assert.deepEqual(violations(await saying(totals(9, 9, 5, 5))), []);
    assert.deepEqual(violations(await saying(totals(9, 9, 5, 3, 2), 1)), []);
    assert.deepEqual(violations(await saying([...totals(9, 9, 5, 5), ...totals(10, 9, 5, 5)])), ['every report a']);
    assert.deepEqual(violations(await saying([...totals(9, 9, 5, 5), ...totals(8, 8, 5, 5)])), ['every report a']);
    assert.deepEqual(violations(await saying(totals(9, 9, 5, 4))), ['records = line']);
    assert.deepEqual(violations(await saying(totals(9, 9, 5, 4, 1))), ['never died, en']);
    assert.deepEqual(violations(await saying([])), ['totals']);
  });

  it('notices a broken line, a missing one and one too many, in files and in a pipe', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'httplog-soak-test-'));
    try {
      const found = (text: string): RecordFiles => {
        writeFileSync(join(directory, 'http-CQ-20261121.json'), text);
        const files = new RecordFiles(directory);
        files.finish();
        return files;
      };
      const line = '{"time":"2026-11-21T00:00:00Z","iface":"eth0","kind":"CQ"}\n';
      assert.deepEqual([found(line + line).lines, found(line).broken], [2, undefined]);
      for (const text of [`${line}{"time":"2026${line}`, line.slice(0, -1), `${line}\n`, line.replace('CQ', 'XQ')]) assert.notEqual(found(text).broken, undefined, text);
      const watched = await saying(totals(9, 9, 2, 2));
      const count = (lines: number, bytes = lines * 10): boolean[] => outputChecks(watched, { lines, bytes, broken: undefined }).map(({ holds }) => holds);
      assert.deepEqual([count(2), count(1), count(3), count(2, 19)], [[true, true], [false, true], [false, true], [false, true]]);
    } finally {
      rmSync(directory, { recursive: true });
    }
    const record = '2026-11-21 00:00:00.000 192.0.2.1#1 192.0.2.2#80 CQ GET / HTTP/1.1 a b\n';
    for (const [text, whole] of [[record, true], [record.slice(0, 20) + record, false], [record + record.slice(0, 20), false]] as const) {
      const pipe = new RecordPipe();
      for (let at = 0; at < text.length; at += 7) pipe.take(Buffer.from(text.slice(at, at + 7)));
      pipe.finish();
      assert.equal(pipe.broken === undefined, whole, text);
    }
  });

  it('notices a directory that is not kept in bounds, and a file of it that is broken', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'httplog-soak-test-'));
    const watched = await saying(totals(9, 9, 2, 2));
    const holds = (name: string, content: Uint8Array | string): boolean[] => {
      writeFileSync(join(directory, name), content);
      const bounded = new BoundedFiles(directory);
      bounded.sample();
      rmSync(join(directory, name));
      writeFileSync(join(directory, name), typeof content === 'string' && content.length > 1 << 20 ? '{}\n' : content);
      const seen = bounded.checks(watched).map((check) => check.holds);
      rmSync(join(directory, name));
      return seen;
    };
    try {
      assert.deepEqual(holds('http-20261121.json', '{}\n{}\n'), [true, true]);
      assert.deepEqual(holds('http-20261121.json.gz', gzipSync('{}\n{}\n')), [true, true]);
      assert.deepEqual(holds('http-20261121.json.gz', gzipSync('{}\n{}\n').subarray(0, -9)), [true, false]);
      assert.deepEqual(holds('http-20261121.json', '{}\n{}\n{}\n'), [true, false], 'more lines than were written');
      assert.deepEqual(holds('http-20261121.json', '{}\n{'), [true, false]);
      assert.deepEqual(holds('http-20261121.json', ' '.repeat(10 << 20)), [false, true]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('says how it is used', () => {
    for (const args of [[], ['x'], ['1', '-2'], ['0'], ['1', '2', '3']]) {
      const { status, stderr } = tryCommand(['scripts/soak', ...args]);
      assert.equal(status, 2);
      assert.match(stderr, /^usage: scripts\/soak \[-o REPORT\.md\] MINUTES \[SEED\]\n$/m);
    }
  });
});
