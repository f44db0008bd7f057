import assert from 'node:assert/strict';
import { parseLogFileName } from '../../src/log/file_names.js';
import { expiredFiles, finishedFiles, type KeptFile, removableFiles } from '../../src/log/retention.js';

const files = (...names: string[]): KeptFile[] => names.map((name) => ({ ...parseLogFileName(name)!, sizeBytes: 1 }));
const names = (of: readonly KeptFile[]): string[] => of.map(({ name }) => name);
const at = (text: string): number => Date.parse(`${text}Z`) / 1000;
const moment = (text: string, periodSeconds = 86400): { nowSeconds: number; periodSeconds: number } => ({ nowSeconds: at(text), periodSeconds });

describe('which log files may go', () => {
  const days = files('http-20260903.log', 'http-20260901.log.gz', 'http-20260902-2300.json', 'http-CQ-20260901.000002.tsv', 'http-CQ-20260901.000001.tsv');

  it('older than so many days, by the day in the name, the oldest first', () => {
    assert.deepEqual(names(expiredFiles(days, at('2026-09-03T00:00'), 1)),
      ['http-20260901.log.gz', 'http-CQ-20260901.000001.tsv', 'http-CQ-20260901.000002.tsv']);
    assert.deepEqual(names(expiredFiles(days, at('2026-09-03T23:59'), 2)), []);
    assert.deepEqual(names(expiredFiles(days, at('2026-09-04T00:00'), 1)).slice(-1), ['http-20260902-2300.json']);
    assert.equal(expiredFiles(days, at('2026-10-01T00:00'), 1).length, days.length);
    assert.equal(expiredFiles(days, at('1999-01-01T00:00'), 1).length, 0, 'a clock that is far behind removes nothing');
  });

  it('for room: all but those that the next record may go to', () => {
    assert.deepEqual(names(removableFiles(days, moment('2026-09-03T12:00'))), [
      'http-20260901.log.gz', 'http-CQ-20260901.000001.tsv', 'http-CQ-20260901.000002.tsv', 'http-20260902-2300.json',
    ]);
    const today = files('http-20260903.000001.log.gz', 'http-20260903.000002.log', 'http-20260903.000003.log', 'http-20260903-1100.log', 'http-20260903-1200.log',
      'http-CR-20260903-1200.000001.log', 'http-CR-20260903-1200.000002.log');
    assert.deepEqual(names(removableFiles(today, moment('2026-09-03T12:00', 3600))), [
      'http-20260903.000001.log.gz', 'http-20260903.000002.log', 'http-20260903-1100.log', 'http-CR-20260903-1200.000001.log',
    ]);
    assert.deepEqual(names(removableFiles(today, moment('2026-09-02T12:00'))).length, today.length, 'files of the future, when the clock has gone back');
  });

  it('to be compressed: those whose period is over for five minutes, and parts that have a successor', () => {
    const of = files('http-20260902.log', 'http-20260903.log', 'http-20260902.json.gz', 'http-SQ-20260903.000001.log', 'http-SQ-20260903.000002.log');
    assert.deepEqual(names(finishedFiles(of, moment('2026-09-03T00:04:59'))), ['http-SQ-20260903.000001.log']);
    assert.deepEqual(names(finishedFiles(of, moment('2026-09-03T00:05'))), ['http-20260902.log', 'http-SQ-20260903.000001.log']);
    const hours = files('http-20260903-1000.log', 'http-20260903-1100.log', 'http-20260903.log');
    assert.deepEqual(names(finishedFiles(hours, moment('2026-09-03T11:05', 3600))), ['http-20260903-1000.log']);
    assert.deepEqual(names(finishedFiles(hours, moment('2026-09-03T11:05'))), [], 'how long their period was is not known: the day at most');
    assert.deepEqual(names(finishedFiles(hours, moment('2026-09-04T00:05'))), ['http-20260903.log', 'http-20260903-1000.log', 'http-20260903-1100.log']);
    const gap = files('http-20260903.000001.log', 'http-20260903.000002.log.gz');
    assert.deepEqual(names(finishedFiles(gap, moment('2026-09-03T12:00'))), ['http-20260903.000001.log']);
  });
});
