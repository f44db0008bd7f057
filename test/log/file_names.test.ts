import assert from 'node:assert/strict';
import { compareAge, isUnfinishedName, logFileName, parseLogFileName, unfinishedName } from '../../src/log/file_names.js';
import { chance } from './support.js';

const begin = (name: string): string => new Date(parseLogFileName(name)!.beginSeconds * 1000).toISOString().slice(0, 16);

describe('names of log files', () => {
  it('say kind, day, time of day, part and format', () => {
    assert.equal(logFileName('http-', 18140, 86400, 'log'), 'http-20190901.log');
    assert.equal(logFileName('http-CQ-', 18140, 86400, 'ecs.json', 12), 'http-CQ-20190901.000012.ecs.json');
    assert.equal(logFileName('http-', 18140 * 24 + 13, 3600, 'tsv'), 'http-20190901-1300.tsv');
    assert.equal(logFileName('http-SR-', 18140 * 96 + 95, 900, 'json', 1_000_000), 'http-SR-20190901-2345.1000000.json');
    assert.equal(logFileName('http-', 0, 300, 'log'), 'http-19700101-0000.log');
    assert.equal(logFileName('http-', 2932896, 86400, 'log'), 'http-99991231.log');
  });

  it('are read back', () => {
    const random = chance(3);
    for (let round = 0; round < 2000; round++) {
      const lengthSeconds = [300, 900, 3600, 21600, 86400][random(5)];
      const period = random(2932896 * (86400 / lengthSeconds));
      const prefix = ['http-', 'http-CQ-', 'http-CR-', 'http-SQ-', 'http-SR-'][random(5)];
      const extension = ['log', 'tsv', 'json', 'ecs.json'][random(4)];
      const part = random(2) * random(3_000_000);
      const name = logFileName(prefix, period, lengthSeconds, extension, part);
      for (const suffix of ['', '.gz']) {
        const read = parseLogFileName(name + suffix);
        assert.deepEqual(read, {
          name: name + suffix, beginSeconds: period * lengthSeconds, timed: lengthSeconds < 86400, part, compressed: suffix === '.gz',
          series: logFileName(prefix, period, lengthSeconds, extension),
        });
      }
    }
    assert.equal(begin('http-20240229-2355.log'), '2024-02-29T23:55');
  });

  it('are ours only when they are exactly that', () => {
    const strangers = [
      'http-20190901.log.1', 'http-20190901.log-20190902', 'http-20190901.txt', 'http-20190901.log.gz.tmp', 'http-20190901.log.zst', 'http-20190901',
      'http-2019091.log', 'http-201909011.log', 'http-20190931.log', 'http-20190001.log', 'http-20191301.log', 'http-20230229.log', 'http-19691231.log',
      'http-XX-20190901.log', 'http-cq-20190901.log', 'HTTP-20190901.log', 'xhttp-20190901.log', '.http-20190901.log', 'http-20190901.log ', ' http-20190901.log',
      'http-20190901.log\n', 'http-20190901-2400.log', 'http-20190901-1260.log', 'http-20190901-130.log', 'http-20190901.1.log', 'http-20190901.000000.log',
      'http-20190901.0000001.log', 'http-20190901..log', 'http-20190901.log/', '../http-20190901.log', 'http-20190901.logx', 'http-20190901xlog', 'http-20190901.ecsxjson',
      '.httplog.lock', '', 'http-', 'http-٢٠١٩٠٩٠١.log',
    ];
    for (const name of strangers) assert.equal(parseLogFileName(name), undefined, JSON.stringify(name));
  });

  it('of one scheme sort as text by age, and all of them by compareAge', () => {
    const names = Array.from({ length: 30 }, (_, number) => logFileName('http-', 18140 * 24 + Math.floor(number / 3), 3600, 'log', (number % 3) * 4 + 9));
    assert.deepEqual([...names].reverse().sort(), names);
    const mixed = ['http-20190901.log.gz', 'http-20190901.000002.log', 'http-20190901.1000000.log', 'http-20190901-0100.log', 'http-CQ-20190902.json'];
    assert.deepEqual([...mixed].reverse().map((name) => parseLogFileName(name)!).sort(compareAge).map(({ name }) => name), mixed);
  });

  it('of a compressed file being made are hidden, and known again', () => {
    assert.equal(unfinishedName('http-20190901.log'), '.http-20190901.log.gz.part');
    assert.equal(isUnfinishedName(unfinishedName('http-CQ-20190901-1300.000001.ecs.json')), true);
    for (const name of ['.http-20190901.log.part', 'http-20190901.log.gz.part', '.x.gz.part', '.http-20190901.log.gz.part.1', '.http-20190901.log.gz']) {
      assert.equal(isUnfinishedName(name), false, name);
    }
    assert.equal(parseLogFileName(unfinishedName('http-20190901.log')), undefined);
  });
});
