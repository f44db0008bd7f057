import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { monotonicNs, sleptNs } from '../../src/host/clocks.js';
import { ProcessFiles, type ProcessStat } from '../../src/host/process_files.js';
import { ProcessTable, startOf, type Process } from '../../src/host/process_table.js';
import { until } from '../support/command.js';

const TICK_NS = 10_000_000n;
const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1'));
const bytes = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'latin1'));

interface Fake {
  exe?: string;
  cmdline?: string;
  cwd?: string;
  cgroup?: string;
  users?: readonly [number, number];
  stat?: Partial<ProcessStat>;
}

/** A /proc that the test writes. */
class FakeFiles extends ProcessFiles {
  readonly processes = new Map<number, Fake>();
  private of<T>(pid: number, get: (fake: Fake) => T | undefined): T | undefined {
    const fake = this.processes.get(pid);
    return fake === undefined ? undefined : get(fake);
  }
  override exe(pid: number): Uint8Array | undefined {
    return this.of(pid, ({ exe }) => (exe === undefined ? undefined : bytes(exe)));
  }
  override cwd(pid: number): Uint8Array | undefined {
    return this.of(pid, ({ cwd }) => (cwd === undefined ? undefined : bytes(cwd)));
  }
  override cmdline(pid: number): Uint8Array | undefined {
    return this.of(pid, ({ cmdline }) => bytes(cmdline ?? ''));
  }
  override cgroup(pid: number): Uint8Array | undefined {
    return this.of(pid, ({ cgroup }) => bytes(cgroup ?? '0::/\n'));
  }
  override users(pid: number): readonly [number, number] | undefined {
    return this.of(pid, ({ users }) => users ?? [0, 0]);
  }
  override stat(pid: number): ProcessStat | undefined {
    return this.of(pid, ({ stat }) => ({ ppid: 1, isKernelThread: false, isRunnable: false, startTicks: 5, argStart: 1000, ...stat }));
  }
}

/** The clock of /proc/PID/stat at a moment. */
const ticks = (ns: bigint): number => Number((ns + sleptNs()) / TICK_NS);
/** A moment long enough ago that nothing read now is in doubt. */
const before = (): bigint => monotonicNs() - 20_000_000n;

function world(most?: number): { files: FakeFiles; table: ProcessTable } {
  const files = new FakeFiles();
  files.processes.set(50, { exe: '/bin/sh', cmdline: 'sh\0', cwd: '/', users: [1, 2], stat: { startTicks: 5 } });
  const table = new ProcessTable(most === undefined ? { files } : { files, most });
  table.find(50);
  return { files, table };
}

const knows = (process: Process | undefined): unknown => process && {
  exe: text(process.image.exe), cmdline: text(process.image.cmdline), cwd: text(process.cwd), uid: process.uid, ppid: process.ppid,
};

describe('the process table', () => {
  it('reads what is not in it', () => {
    const { table } = world();
    assert.deepEqual(knows(table.get(50)), { exe: '/bin/sh', cmdline: 'sh\0', cwd: '/', uid: 2, ppid: 1 });
    assert.equal(table.find(51), undefined);
    assert.equal(table.size, 1);
  });

  it('gives a child what its parent has, but for the working directory, which is read', () => {
    const { files, table } = world();
    const ns = before();
    files.processes.set(60, { cwd: '/tmp', stat: { startTicks: ticks(ns) } });
    assert.deepEqual(knows(table.forked(60, 50, ns)), { exe: '/bin/sh', cmdline: 'sh\0', cwd: '/tmp', uid: 2, ppid: 50 });
    const gone = table.forked(61, 50, ns);
    assert.deepEqual(knows(gone), { exe: '/bin/sh', cmdline: 'sh\0', cwd: undefined, uid: 2, ppid: 50 });
    assert.equal(gone.startTicks, ticks(ns));
    assert.equal(startOf(gone), ns);
  });

  it('knows nothing of a child that is gone and whose parent it does not know', () => {
    const { table } = world();
    const child = table.forked(70, 71, before());
    assert.deepEqual(knows(child), { exe: undefined, cmdline: undefined, cwd: undefined, uid: undefined, ppid: 71 });
    assert.equal(child.container, undefined);
  });

  it('reads a program when it begins, and says nothing of one that is gone', () => {
    const { files, table } = world();
    files.processes.set(50, { exe: '/bin/true', cmdline: 'true\0', cwd: '/x', stat: { startTicks: 5, argStart: 2000, ppid: 7 } });
    assert.deepEqual(knows(table.executed(50, before())), { exe: '/bin/true', cmdline: 'true\0', cwd: '/x', uid: 2, ppid: 7 });
    files.processes.delete(50);
    assert.deepEqual(knows(table.executed(50, monotonicNs())), { exe: undefined, cmdline: undefined, cwd: undefined, uid: 2, ppid: 7 });
  });

  it('never takes another process for one that had the number before', () => {
    const { files, table } = world();
    const ns = before() - 1_000_000_000n;
    const later = ticks(monotonicNs());
    table.forked(80, 50, ns);
    files.processes.set(80, { exe: '/other', cmdline: 'other\0', cwd: '/other', stat: { startTicks: later } });
    const first = table.executed(80, ns + 1n);
    assert.deepEqual(knows(first), { exe: undefined, cmdline: undefined, cwd: undefined, uid: 2, ppid: 50 });
    assert.equal(table.exited(80, ns + 2n), first);
    const second = table.forked(80, 50, monotonicNs());
    assert.notEqual(second.guid, first.guid);
    assert.equal(second.startTicks, later);
    assert.equal(table.at(80, ns + 1n), first);
    assert.equal(table.at(80, monotonicNs()), second);
    // An unknown number whose owner began after the event tells nothing of it.
    files.processes.set(81, { exe: '/other', stat: { startTicks: later } });
    assert.equal(table.executed(81, ns).guid, undefined);
  });

  it('takes back what was read of a program when the process had begun the next one by then', () => {
    const { files, table } = world();
    const ns = monotonicNs();
    files.processes.set(50, { exe: '/bin/second', cmdline: 'second\0', stat: { argStart: 2000 } });
    const first = table.executed(50, ns).image; // read too late: this is the second one
    const second = table.executed(50, ns + 1n).image;
    assert.deepEqual([first.exe, first.cmdline], [undefined, undefined]);
    assert.deepEqual([text(second.exe), text(second.cmdline)], ['/bin/second', 'second\0']);
  });

  it('takes it back too when both readings saw the same stack, and keeps it when they did not', () => {
    const { files, table } = world();
    files.processes.set(50, { exe: '/bin/a', cmdline: 'a\0', stat: { argStart: 2000 } });
    const same = table.executed(50, monotonicNs()).image;
    table.executed(50, monotonicNs());
    assert.equal(same.exe, undefined);
    const first = table.executed(50, monotonicNs()).image;
    files.processes.set(50, { exe: '/bin/b', cmdline: 'b\0', stat: { argStart: 3000 } });
    const second = table.executed(50, monotonicNs()).image;
    assert.deepEqual([text(first.exe), text(second.exe)], ['/bin/a', '/bin/b']);
    // What the first was compared with turns out to be the third: then the first says nothing either.
    table.executed(50, monotonicNs());
    assert.deepEqual([first.exe, second.exe], [undefined, undefined]);
  });

  it('leaves the parent its program when a child begins another one', () => {
    const { files, table } = world();
    files.processes.set(50, { exe: '/bin/sh', cmdline: 'sh\0', stat: { startTicks: 5 } });
    const parent = table.executed(50, monotonicNs());
    const ns = monotonicNs();
    files.processes.set(60, { exe: '/bin/true', cmdline: 'true\0', stat: { startTicks: ticks(ns), argStart: 9 } });
    table.forked(60, 50, ns);
    table.executed(60, ns);
    assert.equal(text(parent.image.exe), '/bin/sh');
  });

  it('believes neither program nor arguments of a process that is being loaded or has ended', () => {
    const { files, table } = world();
    files.processes.set(50, { exe: '/bin/x', cmdline: '', cwd: '/', stat: { startTicks: 5, argStart: 0 } });
    const { image } = table.executed(50, before());
    assert.deepEqual([image.exe, image.cmdline], [undefined, undefined]);
    files.processes.set(50, { exe: '/bin/x', cmdline: '', cwd: '/', stat: { startTicks: 5, argStart: 77 } });
    const empty = table.executed(50, before()).image;
    assert.deepEqual([text(empty.exe), text(empty.cmdline)], ['/bin/x', '']);
  });

  it('keeps the ends of kernel threads free of programs', () => {
    const { files, table } = world();
    files.processes.set(2, { stat: { isKernelThread: true, argStart: 0 } });
    const kthreadd = table.find(2);
    assert.equal(kthreadd?.isKernelThread, true);
    assert.deepEqual(knows(kthreadd), { exe: undefined, cmdline: '', cwd: undefined, uid: 0, ppid: 1 });
  });

  it('follows users, and counts its changes', () => {
    const { table } = world();
    const { generation } = table;
    assert.equal(table.becameUser(50, 7, 8)?.uid, 8);
    assert.equal(table.exited(50, monotonicNs())?.realUid, 7);
    assert.equal(table.exited(50, monotonicNs()), undefined);
    assert.ok(table.generation > generation);
    assert.deepEqual([...table], []);
  });

  it('has a bound, and says what found no room', () => {
    const { files, table } = world(2);
    for (const pid of [51, 52, 53]) {
      files.processes.set(pid, { exe: '/bin/sh', cmdline: 'sh\0', stat: { startTicks: 5 } });
      assert.equal(text(table.find(pid)?.image.exe), '/bin/sh');
    }
    assert.deepEqual([table.size, table.overflow], [2, 2]);
  });

  it('is cut short where command lines take too much', () => {
    const { files, table } = world();
    const long = 'x'.repeat(16_000);
    for (let pid = 1000; pid < 1000 + 4500; pid++) {
      files.processes.set(pid, { exe: '/bin/x', cmdline: long, stat: { startTicks: 5 } });
      table.find(pid);
    }
    const kept = [...table].reduce((sum, { image }) => sum + image.bytes, 0);
    assert.ok(kept < 70 << 20, `${kept} bytes`);
    assert.equal(table.get(5499)?.image.isCut, true);
  });
});

describe('/proc of this machine', () => {
  const files = new ProcessFiles();

  it('tells of this process what Node.js knows of it', () => {
    const { pid } = process;
    assert.equal(text(files.exe(pid)), process.execPath);
    assert.equal(text(files.cwd(pid)), process.cwd());
    // Node.js makes an absolute path of what it was given.
    assert.ok(text(files.cmdline(pid))?.split('\0').some((word) => resolve(word) === process.argv[1]));
    assert.deepEqual(files.users(pid), [process.getuid?.(), process.geteuid?.()]);
    assert.equal(files.stat(pid)?.ppid, process.ppid);
    assert.ok((files.stat(pid)?.argStart ?? 0) > 0);
  });

  it('tells nothing of a process that is not there', () => {
    const pid = 2 ** 22 + 1; // above PID_MAX_LIMIT
    assert.deepEqual([files.exe(pid), files.cwd(pid), files.cmdline(pid), files.cgroup(pid), files.users(pid), files.stat(pid)], Array(6).fill(undefined));
  });

  it('reads again what a process runs whose exec was not heard', async () => {
    const child = spawn('/bin/sh', ['-c', 'read x; exec cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
    try {
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      await until('the shell', () => text(files.cmdline(pid))?.startsWith('/bin/sh\0') === true);
      const table = new ProcessTable();
      table.scan();
      const before = table.get(pid);
      const guid = before?.guid;
      child.stdin.write('\n');
      await until('cat', () => text(files.cmdline(pid)) === 'cat\0');
      table.scan();
      assert.equal(table.get(pid), before);
      assert.deepEqual([text(before?.image.cmdline), before?.guid], ['cat\0', guid]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('fills a table with everybody who is there', () => {
    const table = new ProcessTable();
    table.scan();
    const self = table.get(process.pid);
    assert.equal(self?.ppid, process.ppid);
    assert.ok(table.get(1) !== undefined);
    assert.match(self.guid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const startedMs = Number(startOf(self)) / 1e6;
    const expectedMs = Number(monotonicNs()) / 1e6 - process.uptime() * 1000;
    assert.ok(Math.abs(startedMs - expectedMs) < 2000, `${startedMs} ${expectedMs}`);
  });
});
