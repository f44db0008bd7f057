import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { ProcessImage, UNKNOWN_IMAGE } from '../../src/host/process_image.js';
import { UserNames } from '../../src/host/user_names.js';
import { exitStatusOf, signalOf } from '../../src/processes/exit_status.js';
import { formatterOf } from '../../src/processes/formatters.js';
import type { ProcessRecord } from '../../src/processes/process_record.js';
import { checkEcs } from '../support/ecs_fields.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const image = (exe: string, cmdline: string, isCut = false): ProcessImage => new ProcessImage(bytes(exe), bytes(cmdline), isCut, 1, 0n, 1);

function record(values: Partial<ProcessRecord>): ProcessRecord {
  return {
    name: 'exec', pid: 42, tgid: 42, timeNs: 1000n, otherPid: 7, realId: 1, effectiveId: 2, exitCode: 0, comm: new Uint8Array(0), ppid: 7,
    isKernelThread: false, image: image('/usr/bin/sleep', 'sleep\x001\0'), cwd: bytes('/'), uid: 0, guid: 'aaaa', container: new Uint8Array(0),
    startNs: 500n, startIsExact: true, ...values,
  };
}

function line(format: 'json' | 'ecs', values: Partial<ProcessRecord>): string {
  const formatter = formatterOf(format, new UserNames(), 'h"ost');
  const full = record(values);
  const bound = formatter.bound(full);
  const out = new Uint8Array(bound + 8).fill(0x2a);
  const end = formatter.write(out, 4, full);
  assert.ok(end - 4 <= bound, `${end - 4} bytes, bound ${bound}`);
  const text = Buffer.from(out.subarray(4, end)).toString('utf8');
  assert.equal(text.indexOf('\n'), text.length - 1);
  return text;
}

const parsed = (format: 'json' | 'ecs', values: Partial<ProcessRecord>): Record<string, unknown> => JSON.parse(line(format, values)) as Record<string, unknown>;
const ALL = ['fork', 'exec', 'exit', 'uid', 'gid', 'sid', 'ptrace', 'comm', 'coredump'] as const;
const COMMON = ['time', 'ppid', 'exe', 'cwd', 'uid', 'guid'];

describe('process events as json', () => {
  it('begin as the original wrote them', () => {
    assert.match(line('json', {}), /^\{"event":"exec","pid":42,"user":"root","cmdline":"sleep 1 ","time":"/);
    assert.match(line('json', { name: 'fork' }), /^\{"event":"fork","child_pid":42,"parent_pid":7,"time":"/);
    assert.match(line('json', { name: 'exit', exitCode: 256 }), /^\{"event":"exit","pid":42,"exit_code":256,"user":"root","time":"/);
    assert.match(line('json', { name: 'exit', uid: undefined }), /^\{"event":"exit","pid":42,"exit_code":0,"user":"unknown","time":"/);
  });

  it('go on with the same fields in the same order', () => {
    const keys = (values: Partial<ProcessRecord>): string[] => Object.keys(parsed('json', values));
    assert.deepEqual(keys({}), ['event', 'pid', 'user', 'cmdline', ...COMMON]);
    assert.deepEqual(keys({ name: 'fork', container: bytes('web') }), ['event', 'child_pid', 'parent_pid', ...COMMON, 'container']);
    assert.deepEqual(keys({ name: 'exit', container: bytes('web') }), ['event', 'pid', 'exit_code', 'user', ...COMMON, 'container', 'duration_ms', 'status', 'cmdline']);
    assert.deepEqual(keys({ name: 'exit', exitCode: 9 }), ['event', 'pid', 'exit_code', 'user', ...COMMON, 'duration_ms', 'signal', 'cmdline']);
    assert.deepEqual(keys({ name: 'uid' }), ['event', 'pid', 'ruid', 'euid', 'user', ...COMMON]);
    assert.deepEqual(keys({ name: 'gid' }), ['event', 'pid', 'rgid', 'egid', 'user', ...COMMON]);
    assert.deepEqual(keys({ name: 'ptrace' }), ['event', 'pid', 'tracer_pid', 'user', ...COMMON]);
    assert.deepEqual(keys({ name: 'comm', comm: bytes('x') }), ['event', 'pid', 'comm', 'user', ...COMMON]);
    for (const name of ['sid', 'coredump'] as const) assert.deepEqual(keys({ name }), ['event', 'pid', 'user', ...COMMON]);
    assert.deepEqual(keys({ tgid: 40 }), ['event', 'pid', 'user', 'cmdline', ...COMMON, 'tgid']);
  });

  it('say what is not known, and leave out what is not there', () => {
    const { user, cmdline, exe, cwd, guid, container, ppid, uid } = parsed('json', {
      image: UNKNOWN_IMAGE, cwd: undefined, uid: undefined, guid: undefined, container: undefined, ppid: undefined,
    });
    assert.deepEqual([user, cmdline, exe, cwd, guid, container, ppid, uid], [...Array<string>(6).fill('unknown'), undefined, undefined]);
    const thread = parsed('json', { name: 'exit', isKernelThread: true, image: new ProcessImage(undefined, new Uint8Array(0), false, 2, 0n, 0) });
    assert.deepEqual([thread['exe'], thread['cwd'], thread['cmdline']], [undefined, undefined, '']);
  });

  it('tell how long a process lived, to the microsecond where its fork was seen', () => {
    assert.match(line('json', { name: 'exit', startNs: 0n, timeNs: 1_234_567_899n }), /"duration_ms":1234\.567,/);
    assert.match(line('json', { name: 'exit', startNs: 0n, timeNs: 7_899n }), /"duration_ms":0\.007,/);
    assert.match(line('json', { name: 'exit', startNs: 0n, timeNs: 1_234_567_899n, startIsExact: false }), /"duration_ms":1234,/);
    assert.doesNotMatch(line('json', { name: 'exit', startNs: undefined }), /duration_ms/);
  });

  it('cannot be forged by names and arguments', () => {
    const hostile = '"}\n{"event":"x"\\\xff\x1b[31m\u0085';
    const event = parsed('json', { image: image(`/tmp/${hostile}`, `${hostile}\0`), cwd: bytes(hostile), container: bytes(hostile) });
    const escaped = '"}\\x0a{"event":"x"\\x5c\\xff\\x1b[31m\\x85';
    assert.deepEqual([event['exe'], event['cmdline'], event['cwd'], event['container']], [`/tmp/${escaped}`, `${escaped} `, escaped, escaped]);
    assert.equal(parsed('json', { name: 'comm', comm: bytes(hostile.slice(0, 16)) })['comm'], escaped.slice(0, 22));
  });

  it('keep UTF-8, and say what was cut', () => {
    const text = Buffer.from('grüße 世界').toString('latin1');
    assert.equal(parsed('json', { image: image(text, `${text}\0`) })['exe'], 'grüße 世界');
    assert.equal(parsed('json', { image: image('/x', 'x\0', true) })['cmdline_truncated'], true);
    assert.equal(parsed('json', {})['cmdline_truncated'], undefined);
  });

  it('have room for the worst that can come', () => {
    const worst = '\xff'.repeat(4096);
    for (const format of ['json', 'ecs'] as const) {
      for (const name of ALL) {
        line(format, { name, image: image(worst, worst.repeat(4)), cwd: bytes(worst), container: bytes('\xff'.repeat(255)), comm: bytes('\xff'.repeat(16)) });
        line(format, { name, image: image('/', '\0'.repeat(16384), true), uid: 4294967294, ppid: 4194304, exitCode: 0xffffffff });
      }
    }
  });
});

describe('the end of a process', () => {
  it('has a status or a signal', () => {
    assert.deepEqual([0, 256, 0xff00, 9, 0x8b].map(exitStatusOf), [0, 1, 255, -1, -1]);
    assert.deepEqual([0, 256, 9, 0x8b, 6, 15].map(signalOf), ['', '', 'SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGTERM']);
    assert.deepEqual([34, 36, 64, 32].map(signalOf), ['SIGRTMIN', 'SIGRTMIN+2', 'SIGRTMIN+30', 'SIG32']);
    for (const [name, number] of Object.entries(constants.signals)) if (!['SIGIOT', 'SIGPOLL', 'SIGUNUSED'].includes(name)) assert.equal(signalOf(number), name);
  });
});

describe('process events as ecs', () => {
  for (const name of ALL) {
    it(`keep to the schema: ${name}`, () => {
      const names = checkEcs(parsed('ecs', { name, comm: bytes('x'), container: bytes('web'), exitCode: 9 }), 'httplog');
      for (const needed of ['process.pid', 'process.entity_id', 'process.executable', 'process.args', 'user.name', 'container.id', 'host.hostname', 'event.action']) assert.ok(names.includes(needed), needed);
      checkEcs(parsed('ecs', { name, image: UNKNOWN_IMAGE, cwd: undefined, uid: undefined, guid: undefined, container: undefined, ppid: undefined, startNs: undefined }), 'httplog');
    });
  }

  it('tell arguments one by one, empty ones too', () => {
    const { process } = parsed('ecs', { image: image('/bin/x', 'x\0\0a b\0\0') }) as { process: Record<string, unknown> };
    assert.deepEqual([process['args'], process['args_count'], process['command_line'], process['name']], [['x', '', 'a b', ''], 4, 'x  a b ', 'x']);
    const unended = parsed('ecs', { image: image('/bin/x', 'title: worker') }) as { process: Record<string, unknown> };
    assert.deepEqual(unended.process['args'], ['title: worker']);
  });

  it('tell ends: status, or what the schema has no place for', () => {
    const done = parsed('ecs', { name: 'exit', exitCode: 768, startNs: 100n, timeNs: 350n }) as { process: Record<string, unknown>; event: Record<string, unknown>; httplog: unknown };
    assert.deepEqual([done.process['exit_code'], done.event['duration'], done.httplog], [3, 250, { exit_code: 768 }]);
    const killed = parsed('ecs', { name: 'exit', exitCode: 9 }) as { process: Record<string, unknown>; httplog: unknown };
    assert.deepEqual([killed.process['exit_code'], killed.httplog], [undefined, { exit_code: 9, signal: 'SIGKILL' }]);
  });
});
