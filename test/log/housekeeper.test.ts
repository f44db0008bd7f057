// -retain, -max_disk, -min_free, -compress on real directories, with clocks of the test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FilesInUse } from '../../src/log/files_in_use.js';
import { Housekeeper, type RetentionOptions } from '../../src/log/housekeeper.js';
import { TestLedger, inDirectory, textOf } from './support.js';

/** 2026-09-10T12:00:00Z */
const NOON = Date.UTC(2026, 8, 10, 12);
const HOUR_MS = 3_600_000;
const KIB = 1024;

interface Kept {
  readonly keeper: Housekeeper;
  readonly ledger: TestLedger;
  readonly inUse: FilesInUse;
  readonly said: string[];
  /** Lets so much time pass, and looks. */
  readonly pass: (ms: number) => Promise<void>;
}

function keep(path: string, options: Partial<RetentionOptions>, periodSeconds = 86400): Kept {
  let passedMs = 0;
  const said: string[] = [];
  const ledger = new TestLedger();
  const inUse = new FilesInUse();
  const keeper = new Housekeeper({ path, periodSeconds, inUse, totals: ledger }, {
    retainDays: 0, compress: false, maxDiskBytes: Infinity, minFreePercent: 0, zone: () => 0, say: (text) => said.push(text), ...options,
    clocks: { wallMs: () => NOON + passedMs, monotonicMs: () => passedMs },
  });
  const pass = async (ms: number): Promise<void> => {
    passedMs += ms;
    await keeper.look();
    await keeper.compressed();
  };
  return { keeper, ledger, inUse, said, pass };
}

function write(directory: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, bytes] of Object.entries(sizes)) writeFileSync(join(directory, name), Buffer.alloc(bytes, 'line\n'));
}

const list = (directory: string): string[] => readdirSync(directory).sort();

/** A tmpfs of its own: `free` percent of it are left by a file that is not a log. */
async function onTmpfs(sizeKiB: number, use: (directory: string) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    assert.equal(process.getuid?.(), 0, 'mounting a tmpfs needs root: run the tests with sudo');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(sizeKiB)}k`, 'httplog-test', directory]);
    try {
      await use(directory);
    } finally {
      execFileSync('umount', ['-l', directory]);
    }
  });
}

function freePercent(directory: string): number {
  const { blocks, bavail } = statfsSync(directory);
  return (bavail / blocks) * 100;
}

describe('housekeeping', () => {
  it('removes whole files older than -retain, and nothing that is not ours', () => inDirectory(async (top) => {
    const directory = join(top, 'logs');
    mkdirSync(directory);
    const victim = join(top, 'victim');
    writeFileSync(victim, 'precious');
    const old = ['http-20260831.log', 'http-CQ-20260831.log.gz', 'http-20260901-2300.json', 'http-20260902.000001.ecs.json.gz'];
    const kept = ['http-20260903.log', 'http-20260910.log', 'http-20270101.log', 'http-20260831.log.1', 'http-20260831.txt', 'other-20260831.log', '.httplog.lock',
      'http-20260231.log'];
    write(directory, Object.fromEntries([...old, ...kept].map((name) => [name, 10])));
    symlinkSync(victim, join(directory, 'http-20260801.log'));
    mkdirSync(join(directory, 'http-20260802.log'));
    const { said, pass, keeper } = keep(directory, { retainDays: 7 });
    await pass(0);
    assert.deepEqual(list(directory), [...kept, 'http-20260801.log', 'http-20260802.log'].sort());
    assert.equal(textOf(victim), 'precious');
    assert.deepEqual(said, ['removed 4 log files, http-20260831.log to http-20260902.000001.ecs.json.gz, older than 7 days (-retain): 40 bytes']);
    await pass(11 * HOUR_MS);
    assert.ok(list(directory).includes('http-20260903.log'));
    await pass(HOUR_MS);
    assert.ok(!list(directory).includes('http-20260903.log'), 'with the new day, at once');
    assert.equal(said.at(-1), 'removed http-20260903.log older than 7 days (-retain): 10 bytes');
    await keeper.close();
  }));

  it('goes by the day of the zone', () => inDirectory(async (directory) => {
    write(directory, { 'http-20260908.log': 1 });
    const { pass } = keep(directory, { retainDays: 1, zone: () => -13 * 3600 });
    await pass(0);
    assert.deepEqual(list(directory), ['http-20260908.log']);
    await pass(HOUR_MS);
    assert.deepEqual(list(directory), []);
  }));

  it('leaves a file that is being written alone, however old its name is', () => inDirectory(async (directory) => {
    write(directory, { 'http-20260101.log': 2 << 20 });
    const { pass, inUse } = keep(directory, { retainDays: 1, maxDiskBytes: 1 << 20, compress: true });
    await inUse.enter('http-20260101.log');
    await pass(0);
    assert.deepEqual(list(directory), ['http-20260101.log']);
    inUse.leave('http-20260101.log');
    await pass(60_000);
    assert.deepEqual(list(directory), []);
  }));

  it('-max_disk: the oldest go, compressed or not, then writing stops, and resumes when today is over', () => inDirectory(async (directory) => {
    const day = 300 * KIB;
    write(directory, { 'http-20260908.log.gz': day, 'http-20260907.log': day, 'http-20260909.log': day, 'http-20260910.log': day });
    const { pass, said, keeper, ledger } = keep(directory, { maxDiskBytes: 1 << 20 });
    await pass(0);
    assert.deepEqual(list(directory), ['http-20260908.log.gz', 'http-20260909.log', 'http-20260910.log']);
    assert.deepEqual(said, ['removed http-20260907.log to make room (-min_free, -max_disk): 300.0 KiB']);

    // What is written in between counts without a look at the files.
    write(directory, { 'http-20260910.log': 1100 * KIB });
    ledger.wrote(1, 800 * KIB);
    await pass(5_000);
    assert.deepEqual(list(directory), ['http-20260910.log']);
    assert.equal(keeper.isFull, true);
    assert.match(said.at(-1)!, /^no room in .*: the log files have 1\.1 MiB, -max_disk allows 1\.0 MiB, and no finished log file is left to remove; make room: records are lost/);
    ledger.heldBack(7);
    await pass(12 * HOUR_MS - 6_000);
    assert.equal(keeper.isFull, true);
    await pass(6_000);
    assert.equal(keeper.isFull, false);
    assert.deepEqual(list(directory), []);
    assert.match(said.at(-1)!, /^there is room again in .*: records are written again, 7 were lost$/);
    assert.equal(said.length, 5);
  }));

  it('-min_free: the oldest go, then writing stops, and resumes when there is clearly more room', () => onTmpfs(1024, async (directory) => {
    write(directory, { 'http-20260908.log': 96 * KIB, 'http-20260909.log': 96 * KIB, 'http-20260910.log': 96 * KIB, ballast: 640 * KIB });
    const { pass, said, keeper } = keep(directory, { minFreePercent: 15 });
    await pass(0);
    assert.deepEqual(list(directory), ['ballast', 'http-20260909.log', 'http-20260910.log']);
    assert.equal(keeper.isFull, false);
    write(directory, { ballast: 820 * KIB });
    await pass(5_000);
    assert.deepEqual(list(directory), ['ballast', 'http-20260910.log']);
    assert.equal(keeper.isFull, true);
    assert.match(said.at(-1)!, /^no room in .*: 10\.\d % of the file system is free, -min_free asks for 15, and no finished log file is left/);

    write(directory, { ballast: 772 * KIB });
    assert.ok(freePercent(directory) >= 15 && freePercent(directory) < 16);
    await pass(5_000);
    assert.equal(keeper.isFull, true, 'not yet: hysteresis');
    write(directory, { ballast: 760 * KIB });
    await pass(1_000);
    assert.equal(keeper.isFull, false);
    write(directory, { ballast: 772 * KIB });
    await pass(1_000);
    assert.equal(keeper.isFull, false);
    assert.match(said.at(-1)!, /^there is room again/);
  }));

  it('removes no more than is asked for when the file system shows freed room late', () => onTmpfs(1024, async (directory) => {
    write(directory, { 'http-20260907.log': 96 * KIB, 'http-20260908.log': 96 * KIB, 'http-20260909.log': 96 * KIB, ballast: 660 * KIB });
    // A reader that has the file open keeps its room for a while.
    const reader = openSync(join(directory, 'http-20260907.log'), 'r');
    const { pass, keeper } = keep(directory, { minFreePercent: 12 });
    await pass(0);
    for (let second = 0; second < 4; second++) await pass(1_000);
    assert.ok(freePercent(directory) < 12);
    assert.equal(keeper.isFull, false);
    closeSync(reader);
    await pass(5_000);
    assert.deepEqual(list(directory), ['ballast', 'http-20260908.log', 'http-20260909.log']);
  }));

  it('-compress: finished files, one after the other, never the one of now', () => inDirectory(async (directory) => {
    write(directory, { 'http-20260909.log': 5000, 'http-20260910-1000.log': 500, 'http-20260910-1100.log': 50, 'http-20260910-1200.log': 5, '.http-20260909.log.gz.part': 9 });
    const { pass } = keep(directory, { compress: true }, 3600);
    await pass(0);
    assert.deepEqual(list(directory), ['http-20260909.log.gz', 'http-20260910-1000.log.gz', 'http-20260910-1100.log', 'http-20260910-1200.log']);
    await pass(HOUR_MS);
    await pass(300_000);
    assert.deepEqual(list(directory).slice(2), ['http-20260910-1100.log.gz', 'http-20260910-1200.log.gz']);
    assert.equal(gunzipSync(readFileSync(join(directory, 'http-20260909.log.gz'))).toString(), 'line\n'.repeat(1000));
  }));

  it('says once what it cannot do, goes on with the rest, and tries again', () => inDirectory(async (directory) => {
    write(directory, { 'http-20260907.log': 10, 'http-20260908.log': 10, 'http-20260909.log': 10 });
    for (const day of ['07', '08']) symlinkSync('/nowhere', join(directory, `http-202609${day}.log.gz`));
    const { pass, said } = keep(directory, { compress: true });
    await pass(0);
    await pass(700_000);
    assert.deepEqual(said, ['cannot compress http-20260907.log: http-20260907.log.gz is not a regular file; move it away']);
    unlinkSync(join(directory, 'http-20260907.log.gz'));
    unlinkSync(join(directory, 'http-20260908.log.gz'));
    await pass(700_000);
    assert.deepEqual(list(directory), ['07', '08', '09'].map((day) => `http-202609${day}.log.gz`));
  }));

  it('a directory that went is nothing to complain of, one that is a link leads on', () => inDirectory(async (top) => {
    const directory = join(top, 'logs');
    mkdirSync(join(top, 'real'));
    symlinkSync('real', directory);
    write(directory, { 'http-20260101.log': 1, 'http-20260102.log': 1 });
    const { pass, said } = keep(directory, { retainDays: 7 });
    await pass(0);
    assert.deepEqual(list(join(top, 'real')), []);
    rmSync(directory);
    await pass(60_000);
    assert.equal(said.length, 1);
    mkdirSync(directory);
    write(directory, { 'http-20260101.log': 1 });
    renameSync(directory, join(top, 'x'));
    renameSync(join(top, 'x'), directory);
    await pass(60_000);
    assert.deepEqual([list(directory).length, said.length], [0, 2]);
  }));
});
