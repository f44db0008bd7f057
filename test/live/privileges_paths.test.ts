// What another user of the host might plant where root logs: links, files, directories. Nothing of it is written to, each is said.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lchownSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NOBODY } from '../support/as_user.js';
import { type CommandResult, until } from '../support/command.js';
import { fixturePath } from '../support/fixtures.js';
import { httplog, killStarted, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { lastReport } from '../support/totals.js';
import { request, send } from './libpcap_frames.js';

const CAPTURE = fixturePath('basic-keepalive.pcap');
const LINES = 14;
const SECRET = 'nothing of ours\n';

/** A directory of root's in it, which everybody may enter, and the file that an attacker would like to have written. */
async function withVictim(use: (directory: string, victim: string) => Promise<void> | void): Promise<void> {
  await withDirectory(async (parent) => {
    chmodSync(parent, 0o755);
    const directory = join(parent, 'logs');
    mkdirSync(directory);
    const victim = join(parent, 'victim');
    writeFileSync(victim, SECRET, { mode: 0o644 });
    await use(directory, victim);
    assert.equal(readFileSync(victim, 'utf8'), SECRET);
    assert.equal(statSync(victim).mode & 0o777, 0o644);
  });
}

const replay = (directory: string, env: NodeJS.ProcessEnv = {}, ...more: string[]): CommandResult => httplog(['-r', CAPTURE, '-d', directory, '-utc', ...more], { env });
/** The name of the day's file, found by having one made elsewhere. */
const fileName = async (): Promise<string> => withDirectory((directory) => {
  assert.equal(replay(directory).status, 0);
  return readdirSync(directory).find((name) => name.startsWith('http-')) ?? '';
});

describe('live: planted files', function () {
  this.timeout(180_000);

  async function refusedAtStart(directory: string, line: RegExp, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const before = existsSync(directory) ? readdirSync(directory) : [];
    const { status, stdout, stderr } = replay(directory, env);
    assert.deepEqual([status, stdout, stderr.split('\n').length], [1, '', 2], stderr);
    assert.match(stderr, line);
    assert.deepEqual(existsSync(directory) ? readdirSync(directory) : [], before);
  }

  describe('in place of a log file: the records are lost, counted and told', () => {
    let name: string;
    before(async () => {
      name = await fileName();
    });
    async function lost(plant: (path: string, victim: string) => void, words: RegExp): Promise<void> {
      await withVictim((directory, victim) => {
        plant(join(directory, name), victim);
        const { status, stderr } = replay(directory);
        assert.equal(status, 1, stderr);
        assert.match(stderr, words);
        const { linesWritten, linesLost } = lastReport(stderr);
        assert.deepEqual([linesWritten, linesLost], [0, LINES]);
      });
    }

    it('a symbolic link', async () => {
      await lost((path, victim) => symlinkSync(victim, path), /cannot log to \S+\.log: it is not a regular file; move it away/);
    });

    it('a symbolic link to nothing, which would make the file', async () => {
      await lost((path, victim) => symlinkSync(`${victim}-new`, path), /not a regular file/);
    });

    it('a hard link', async () => {
      await lost((path, victim) => linkSync(victim, path), /cannot log to \S+\.log: the file has 2 names \(hard links\); move it away/);
    });

    it('a file of the attacker\'s in a directory where everybody may make files', async () => {
      await lost((path) => {
        chmodSync(join(path, '..'), 0o1777);
        writeFileSync(path, '');
        chownSync(path, NOBODY, NOBODY);
        // fs.protected_regular has the kernel refuse first.
      }, /the file belongs to user 65534, in a directory where everybody may make files|permission denied \(EACCES\)/);
    });
  });

  it('where everybody may make files but not remove them, our own are good to go on with', async () => {
    await withVictim((directory) => {
      chmodSync(directory, 0o1777);
      for (const round of [1, 2]) {
        const { status, stderr } = replay(directory);
        assert.deepEqual([status, lastReport(stderr).linesWritten], [0, LINES], `${round} ${stderr}`);
      }
    });
  });

  it('in a directory of root\'s a file may be somebody\'s, as logrotate gives them away', async () => {
    await withVictim(async (directory) => {
      const path = join(directory, await fileName());
      writeFileSync(path, '', { mode: 0o640 });
      chownSync(path, NOBODY, NOBODY);
      assert.equal(replay(directory).status, 0);
    });
  });

  it('in place of the lock', async () => {
    await withVictim(async (directory, victim) => {
      symlinkSync(victim, join(directory, '.httplog.lock'));
      await refusedAtStart(directory, /cannot lock \S+: it is a symbolic link; remove it/);
    });
    await withVictim(async (directory, victim) => {
      linkSync(victim, join(directory, '.httplog.lock'));
      await refusedAtStart(directory, /cannot lock \S+: it has other names \(hard links\); remove it/);
    });
  });

  it('in place of the CPU profile', async () => {
    await withVictim((directory, victim) => {
      for (const [kind, plant] of [['symbolic', symlinkSync], ['hard', linkSync]] as const) {
        const file = join(directory, `${kind}.cpuprofile`);
        plant(victim, file);
        const { status, stderr } = httplog(['-r', CAPTURE, '-cpuprofile', file]);
        assert.equal(status, 1, stderr);
        assert.match(stderr, /^httplog: cannot write the CPU profile: .*-cpuprofile\n$/);
      }
      const file = join(directory, 'good.cpuprofile');
      writeFileSync(file, 'x'.repeat(1 << 20));
      assert.equal(httplog(['-r', CAPTURE, '-cpuprofile', file]).status, 0);
      assert.ok(Array.isArray((JSON.parse(readFileSync(file, 'utf8')) as { nodes: unknown }).nodes));
    });
  });

  describe('a directory that others could lead elsewhere is refused to root', () => {
    it('one that everybody may write to', async () => {
      await withVictim(async (directory) => {
        chmodSync(directory, 0o777);
        await refusedAtStart(directory, /cannot log to \S+ as root: \S+logs can be written by everybody, .*; chmod o-w \S+logs, or choose another directory with -d/);
      });
    });

    it('one that a group may write to, which is not root\'s', async () => {
      await withVictim(async (directory) => {
        chmodSync(directory, 0o770);
        assert.equal(replay(directory).status, 0);
        chownSync(directory, 0, NOBODY);
        chmodSync(directory, 0o770);
        await refusedAtStart(directory, /can be written by group 65534.*chmod g-w/);
      });
    });

    it('one of somebody else\'s, unless it is who called sudo', async () => {
      await withVictim(async (directory) => {
        chownSync(directory, NOBODY, NOBODY);
        await refusedAtStart(directory, /\S+logs belongs to user 65534, .*; chown root \S+logs, or/);
        assert.equal(replay(directory, { SUDO_UID: String(NOBODY) }).status, 0);
        chownSync(join(directory, '.httplog.lock'), NOBODY, NOBODY);
        for (const name of readdirSync(directory)) chownSync(join(directory, name), NOBODY, NOBODY);
        await refusedAtStart(directory, /belongs to user 65534/, { SUDO_UID: '1' });
      });
    });

    it('one below a directory that everybody may rename things in', async () => {
      await withVictim(async (directory) => {
        const open = join(directory, 'open');
        mkdirSync(join(open, 'logs'), { recursive: true });
        chmodSync(open, 0o777);
        await refusedAtStart(join(open, 'logs'), /\S+open can be written by everybody/);
        await refusedAtStart(join(open, 'new', 'logs'), /\S+open can be written by everybody/);
        chmodSync(open, 0o1777);
        assert.equal(replay(join(open, 'logs')).status, 0);
      });
    });

    it('one behind somebody else\'s symbolic link, not one behind root\'s own', async () => {
      await withVictim(async (directory) => {
        mkdirSync(join(directory, 'real'));
        chmodSync(directory, 0o1777);
        symlinkSync('./real/../real', join(directory, 'link'));
        assert.equal(replay(join(directory, 'link', 'below')).status, 0);
        assert.ok(existsSync(join(directory, 'real', 'below')));
        const theirs = join(directory, 'theirs');
        symlinkSync(join(directory, 'real'), theirs);
        lchownSync(theirs, NOBODY, NOBODY);
        const { status, stderr } = replay(join(theirs, 'more'));
        assert.equal(status, 1);
        assert.match(stderr, /\S+theirs belongs to user 65534/);
        assert.ok(!existsSync(join(directory, 'real', 'more')));
      });
    });
  });

  describe('while it captures', () => {
    let network: TestNetwork;
    before(() => {
      network = makeNetwork('e2eplant');
    });
    after(() => {
      killStarted();
      network?.close();
    });

    it('a link in place of the next file: told once, each record counted, and it goes on when the link is gone', async () => {
      await withVictim(async (directory, victim) => {
        const running = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
        send(network.client, [request(100)]);
        const file = (): string | undefined => readdirSync(directory).find((name) => /^http-\d{8}\.log$/.test(name));
        await running.holds('the first file', () => file() !== undefined);
        const path = join(directory, file()!);
        await running.holds('the first record', () => statSync(path).size > 0);
        // As the next day's file would be found: by name, and not there yet.
        renameSync(path, `${path}.old`);
        symlinkSync(victim, path);
        running.child.kill('SIGHUP');
        await running.holds('the refusal', () => {
          send(network.client, [request(100)]);
          return /cannot log to \S+\.log: it is not a regular file/.test(running.stderr);
        });
        renameSync(path, `${path}.link`);
        await until('records again', () => {
          send(network.client, [request(100)]);
          return existsSync(path) && statSync(path).size > 0;
        });
        const { status, stderr } = await running.end('SIGTERM');
        assert.equal(status, 1, stderr);
        assert.equal(stderr.match(/not a regular file/g)?.length, 1, stderr);
        const { sources: [source], linesWritten, linesLost } = lastReport(stderr);
        assert.ok(linesLost > 0);
        assert.equal(linesWritten + linesLost, source.records['CQ']);
      });
    });
  });
});
