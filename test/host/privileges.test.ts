import assert from 'node:assert/strict';
import { capabilityNames, maskOf } from '../../src/host/capabilities.js';
import { excess } from '../../src/host/privileges.js';
import { parseThreadStatus, readThreads } from '../../src/host/thread_status.js';
import { findUser, groupsOf } from '../../src/host/users.js';
import { command } from '../support/command.js';

const STATUS = `Name:\tnode
Uid:\t998\t998\t998\t998
Gid:\t997\t997\t997\t997
Groups:\t4 997\x20
CapInh:\t0000000000000000
CapPrm:\t0000000000002000
CapEff:\t0000000000002000
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t1
`;
const WANTED = { uid: 998, gid: 997, groups: [997, 4], capabilities: maskOf(13) };

describe('host: privileges', () => {
  it('a thread with nothing beyond what was wanted', () => {
    assert.equal(excess(parseThreadStatus(7, STATUS), WANTED), undefined);
    assert.equal(excess(parseThreadStatus(7, STATUS.replace('4 997 ', '')), WANTED), undefined, 'fewer groups are none too many');
    assert.equal(excess(parseThreadStatus(7, STATUS.replaceAll('2000', '0000')), WANTED), undefined);
  });

  for (const [line, left, said] of [
    ['998\t998\t998\t998', '998\t998\t0\t998', 'user 0'],
    ['998\t998\t998\t998', '998\t998\t998\t1000', 'user 1000'],
    ['997\t997\t997\t997', '997\t0\t997\t997', 'group 0'],
    ['4 997', '0 4 997', 'supplementary group 0'],
    ['CapInh:\t0000000000000000', 'CapInh:\t0000000000000080', 'CAP_SETUID'],
    ['CapPrm:\t0000000000002000', 'CapPrm:\t0000000000003000', 'CAP_NET_ADMIN'],
    ['CapEff:\t0000000000002000', 'CapEff:\t8000000000002000', 'capability 63'],
    ['CapAmb:\t0000000000000000', 'CapAmb:\t000001ffffffffff', 'CAP_CHOWN, '],
    ['NoNewPrivs:\t1', 'NoNewPrivs:\t0', 'no_new_privs'],
  ] as const) {
    it(`a thread that still has ${said}`, () => {
      const found = excess(parseThreadStatus(7, STATUS.replace(line, left)), WANTED);
      assert.ok(found?.includes(said), found);
      assert.ok(!found?.includes('CAP_NET_RAW') || left.includes('ffff'), found);
    });
  }

  it('what the kernel does not tell is not taken for good', () => {
    for (const line of STATUS.trimEnd().split('\n').filter((text) => !/^(Name|CapBnd)/.test(text))) {
      assert.throws(() => parseThreadStatus(7, STATUS.replace(`${line}\n`, '')), new RegExp(`7/status has no ${line.split(':')[0]}`));
    }
    assert.throws(() => parseThreadStatus(7, STATUS.replace('CapEff:\t0', 'CapEff:\tx')), SyntaxError);
  });

  it('reads the threads of this process, the main one first', () => {
    const threads = readThreads();
    assert.equal(threads[0].thread, process.pid);
    assert.ok(threads.length > 1);
    for (const { uids, gids } of threads) {
      assert.deepEqual(uids, Array.from({ length: 4 }, () => process.getuid!()));
      assert.deepEqual(gids, Array.from({ length: 4 }, () => process.getgid!()));
    }
  });

  it('names capabilities', () => {
    assert.equal(capabilityNames(0n), 'none');
    assert.equal(capabilityNames(maskOf(7, 13, 40)), 'CAP_SETUID, CAP_NET_RAW, CAP_CHECKPOINT_RESTORE');
    assert.equal(capabilityNames(1n << 41n), 'capability 41');
  });

  it('finds users by name and number, with the groups that id tells', () => {
    for (const name of ['nobody', 'daemon', 'games']) {
      const user = findUser(name)!;
      assert.deepEqual(user, { name, uid: Number(command(['id', '-u', name])), gid: Number(command(['id', '-g', name])) });
      assert.deepEqual(findUser(String(user.uid)), user);
      assert.deepEqual(groupsOf(user).sort(), command(['id', '-G', name]).trim().split(' ').map(Number).sort());
    }
    for (const unknown of ['no-such-user', '', '4000000123', '4294967295', '4294967296', '-1', '1e3', ' nobody', 'x'.repeat(10_000)]) {
      assert.equal(findUser(unknown), undefined, unknown.slice(0, 20));
    }
  });
});
