import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserNames, parsePasswd } from '../../src/host/user_names.js';
import { until } from '../support/command.js';
import { withDirectory } from '../support/httplog.js';

describe('names of users', () => {
  it('come from lines of passwd(5), of several with one number the first', () => {
    const names = parsePasswd('# comment\nroot:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nbroken\nweb-1:x:4294967294:1::/:\n+nis:::\n:x:5:5::/:\n');
    assert.deepEqual([...names], [[0, 'root'], [4294967294, 'web-1']]);
  });

  it('are numbers where there is none, and follow the file', () => withDirectory(async (directory) => {
    const path = join(directory, 'passwd');
    const names = new UserNames(path);
    assert.equal(names.of(12), '12');
    writeFileSync(path, 'web:x:12:12::/:\n');
    await until('the new name', () => names.of(12) === 'web');
    assert.equal(names.of(13), '13');
  }));
});
