// Where the password of TCP clients may come from.

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../src/config/usage_error.js';
import { PasswordCheck, readPassword } from '../../src/processes/password.js';
import { NOBODY } from '../support/as_user.js';
import { withDirectory } from '../support/httplog.js';

function refusal(auth: string, authFile: string, environment: NodeJS.ProcessEnv = {}): string {
  try {
    readPassword({ auth, authFile }, environment);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error('not refused');
}

describe('the password of TCP clients', () => {
  it('is the first line of a file that others cannot read', async () => {
    await withDirectory((directory) => {
      const file = join(directory, 'auth');
      const write = (text: string | Uint8Array, mode = 0o600): void => {
        writeFileSync(file, text);
        chmodSync(file, mode);
      };
      for (const [text, expected] of [['secret', 'secret'], ['secret\n', 'secret'], ['secret\r\nmore\n', 'secret'], [' s p \n', ' s p ']]) {
        write(text);
        assert.equal(readPassword({ auth: '', authFile: file }, {}).password.toString(), expected);
      }
      write(Buffer.from('\xff\xfe\n', 'latin1'), 0o640);
      assert.equal(readPassword({ auth: '', authFile: file }, {}).password.toString('hex'), 'fffe');

      write('secret', 0o644);
      assert.match(refusal('', file), /^option --auth-file: '.*auth': every user of this host can read it; chmod o-r /);
      write('secret', 0o620);
      assert.match(refusal('', file), /others than its owner can write it; chmod go-w /);
      write('', 0o600);
      assert.match(refusal('', file), /it is empty$/);
      write('\nsecret');
      assert.match(refusal('', file), /the password is empty$/);
      write('x'.repeat(5000));
      assert.match(refusal('', file), /the password has more than 1024 bytes$/);
      write('secret');
      chownSync(file, NOBODY, NOBODY);
      assert.match(refusal('', file), /it belongs to user 65534, not to root or to this user; chown it$/);
      mkdirSync(join(directory, 'folder'), { mode: 0o700 });
      assert.match(refusal('', join(directory, 'folder')), /it is not a regular file$/);
      assert.match(refusal('', join(directory, 'none')), /it cannot be read: no such file or directory \(ENOENT\)$/);
    });
  });

  it('is taken from the environment, and removed there whoever needs it', () => {
    const environment: NodeJS.ProcessEnv = { HTTPLOG_AUTH: 'secret', OTHER: 'stays' };
    const { password, warning } = readPassword({ auth: '', authFile: '' }, environment);
    assert.deepEqual([password.toString(), warning, environment], ['secret', undefined, { OTHER: 'stays' }]);
    const overridden: NodeJS.ProcessEnv = { HTTPLOG_AUTH: 'secret' };
    assert.equal(readPassword({ auth: 'other', authFile: '' }, overridden).password.toString(), 'other');
    assert.deepEqual(overridden, {});
  });

  it('may stand on the command line, with a warning', () => {
    assert.match(readPassword({ auth: 'secret', authFile: '' }, {}).warning ?? '', /read the password with ps/);
  });

  it('has to be there', () => {
    assert.match(refusal('', ''), /^TCP needs a password: give it with --auth-file or in the environment variable HTTPLOG_AUTH$/);
    assert.match(refusal('', '', { HTTPLOG_AUTH: '' }), /^environment HTTPLOG_AUTH: the password is empty$/);
    assert.match(refusal('', '', { HTTPLOG_AUTH: 'a\nb' }), /has to be one line$/);
  });

  it('is matched by itself alone', () => {
    const check = new PasswordCheck(Buffer.from('secret'));
    for (const [given, right] of [['secret', true], ['secre', false], ['secretx', false], ['', false], ['SECRET', false]] as const) {
      assert.equal(check.matches(Buffer.from(given)), right, given);
    }
  });
});
