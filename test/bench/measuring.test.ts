import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { barChart } from '../../bench/lib/chart.js';
import { contest, median } from '../../bench/lib/contest.js';
import { measuredRun } from '../../bench/lib/measured_run.js';
import { readOptions } from '../../bench/lib/options.js';
import { atLeast, atMost, markdownTable } from '../../bench/lib/report.js';

const HELD_MB = 300;

describe('measuring of the benchmarks', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-measuring-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const shell = (script: string): ReturnType<typeof measuredRun> => (
    measuredRun(['sh', '-c', script], join(directory, 'out'), join(directory, 'err')));

  it('waits for the end, keeps the output and takes no memory of its own for the command\'s', () => {
    const ballast = Buffer.alloc(HELD_MB << 20, 1);
    const { wallMs, cpuMs, peakMb } = shell('sleep 0.2; echo out; echo err >&2');
    assert.ok(wallMs >= 200 && cpuMs < wallMs, `${wallMs} ms, ${cpuMs} ms of CPU`);
    assert.ok(peakMb > 0 && peakMb < 50, `${peakMb} MB while the tester holds ${ballast.length >> 20}`);
    assert.deepEqual([readFileSync(join(directory, 'out'), 'utf8'), readFileSync(join(directory, 'err'), 'utf8')], ['out\n', 'err\n']);
  });

  it('sees the memory and the work of the command', () => {
    const script = `const held = Buffer.alloc(${HELD_MB} << 20, 1); const { cpuUsage } = process; while (cpuUsage().user < 3e5); held.fill(2)`;
    const { cpuMs, peakMb } = measuredRun([process.execPath, '-e', script], '/dev/null', join(directory, 'err'));
    assert.ok(peakMb > HELD_MB, `${peakMb} MB`);
    assert.ok(cpuMs >= 300, `${cpuMs} ms of CPU`);
  });

  it('says when a command fails or is not there', () => {
    assert.throws(() => shell('exit 3'), /ended with status 0x300/);
    assert.throws(() => shell('kill -9 $$'), /ended with status 0x9/);
    assert.throws(() => measuredRun(['/no/such/program'], '/dev/null', join(directory, 'err')), /status 0x7f00/);
  });

  it('runs contestants in turn, each in an empty folder', () => {
    const order = join(directory, 'order');
    const runner = (name: string, rounds?: number): Parameters<typeof contest>[0][number] => ({
      name,
      argv: (own) => ['sh', '-c', `test -z "$(ls "${own}")" && echo ${name} >> "${order}" && touch "${own}/${name}"`],
      ...(rounds === undefined ? {} : { rounds }),
    });
    const standings = contest([runner('a'), runner('b'), runner('c', 1)], 3, directory);
    assert.equal(readFileSync(order, 'utf8').replaceAll('\n', ''), 'abcabab');
    assert.deepEqual(standings.map(({ name, rounds }) => [name, rounds]), [['a', 3], ['b', 3], ['c', 1]]);
  });

  it('takes the middle', () => {
    assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7]);
  });

  it('judges targets at their limit', () => {
    assert.deepEqual([atMost('', 2, 2, '').met, atMost('', 2.01, 2, '').met, atMost('', NaN, 2, '').met], [true, false, false]);
    assert.deepEqual([atLeast('', 2, 2, '').met, atLeast('', 1.99, 2, '').met], [true, false]);
  });

  it('writes tables that are read as text too', () => {
    assert.equal(markdownTable([['a', 'bbbb'], ['cccc', '1']]), '| a    | bbbb |\n| ---- | ---: |\n| cccc |    1 |');
  });

  it('draws bars in proportion, cuts the longest, keeps names as text', () => {
    const chart = barChart('A & B', '', [
      { label: 'one <x>', value: 1, own: true }, { label: 'two', value: 2, own: false }, { label: 'far', value: 60, own: false }], ' ×');
    const widths = [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.ok(Math.abs(widths[1] / widths[0] - 2) < 0.01 && Math.abs(widths[2] / widths[0] - 6) < 0.02, `${widths}`);
    assert.match(chart, /A &amp; B/);
    assert.match(chart, /one &lt;x>/);
    assert.match(chart, />60 × \(bar cut\)</);
    assert.match(chart, /prefers-color-scheme: dark/);
  });

  it('refuses options it cannot follow', () => {
    assert.throws(() => readOptions(['--only', 'replay,sleep']), /sleep is none of/);
    assert.throws(() => readOptions(['--rounds', '0']), /--rounds/);
    assert.throws(() => readOptions(['--sizes', '1,']), /--sizes/);
    assert.deepEqual(readOptions(['--sizes', '100,1']).sizesMb, [1, 100]);
  });
});
