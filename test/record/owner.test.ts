import assert from 'node:assert/strict';
import { EcsFormat } from '../../src/record/ecs.js';
import { JsonFormat } from '../../src/record/json.js';
import { Owner } from '../../src/record/owner.js';
import { TextFormat } from '../../src/record/text.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { latin1 } from '../support/fence.js';
import { lineOf } from '../support/records.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
const COLUMNS = ['pid', 'ppid', 'exe', 'user', 'container', 'guid', 'proc_via', 'proc_shared', 'method'];
const curl = (): Owner => new Owner(7, 1, latin1('/usr/bin/curl'), latin1('alice'), latin1('c0ffee'), latin1('4f1d9b7a-0000-5000-8000-000000000000'));
/** A program named so as to forge fields, columns and lines. */
const HOSTILE = '/tmp/a user=root exe="x",\\\t\n\x1b[2J-';
const hostile = (): Owner => new Owner(8, -1, latin1(HOSTILE), latin1('-'));
const text = (): TextFormat => new TextFormat({ zone: () => 0, addVlan: true, addInterface: false, addOwner: true });
const added = (line: string): string[] => line.split(' ').slice(4, 9);

describe('record: the process of a record', () => {
  it('stands behind the kind in text, before what the message holds', () => {
    assert.deepEqual(added(lineOf(text(), REQUEST, { owner: curl() })), ['CQ', 'pid=7', 'exe=/usr/bin/curl', 'user=alice', 'vlan=-']);
    assert.deepEqual(added(lineOf(text(), REQUEST)), ['CQ', 'pid=-', 'exe=-', 'user=-', 'vlan=-']);
  });

  it('forges nothing in text by its name', () => {
    const line = lineOf(text(), REQUEST, { owner: hostile() });
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.deepEqual(added(line), ['CQ', 'pid=8', 'exe=/tmp/a\\x20user=root\\x20exe="x",\\x5c\\x09\\x0a\\x1b[2J-', 'user=\\x2d', 'vlan=-']);
  });

  it('is in json what is known, absent what is not', () => {
    const known = JSON.parse(lineOf(new JsonFormat(), REQUEST, { owner: curl() })) as Record<string, unknown>;
    assert.deepEqual(Object.entries(known).slice(-8), Object.entries({
      pid: 7, ppid: 1, exe: '/usr/bin/curl', user: 'alice', container: 'c0ffee', guid: '4f1d9b7a-0000-5000-8000-000000000000', proc_via: 'connect', proc_shared: 2,
    }));
    const partly = JSON.parse(lineOf(new JsonFormat(), REQUEST, { owner: hostile() })) as Record<string, unknown>;
    assert.deepEqual([partly['pid'], partly['user'], 'ppid' in partly, 'container' in partly, 'guid' in partly], [8, '-', false, false, false]);
    assert.equal(partly['exe'], '/tmp/a user=root exe="x",\\x5c\\x09\\x0a\\x1b[2J-');
    assert.equal('proc_via' in (JSON.parse(lineOf(new JsonFormat(), REQUEST)) as object), false);
  });

  it('is in ecs under the names of the schema', () => {
    const format = new EcsFormat({ headers: [], hostname: '' });
    const record = JSON.parse(lineOf(format, REQUEST, { owner: curl() })) as Record<string, Record<string, unknown>>;
    assert.deepEqual(record['process'], { pid: 7, parent: { pid: 1 }, executable: '/usr/bin/curl', entity_id: '4f1d9b7a-0000-5000-8000-000000000000' });
    assert.deepEqual([record['user'], record['container']], [{ name: 'alice' }, { id: 'c0ffee' }]);
    assert.deepEqual([record['httplog']['proc_via'], record['httplog']['proc_shared']], ['connect', 2]);
    const unknown = JSON.parse(lineOf(format, REQUEST)) as Record<string, Record<string, unknown>>;
    assert.deepEqual(['process', 'user', 'container'].filter((name) => name in unknown), []);
    const partly = JSON.parse(lineOf(format, REQUEST, { owner: hostile() })) as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(partly['process']), ['pid', 'executable']);
  });

  it('has columns in tsv', () => {
    assert.equal(lineOf(new TsvFormat(COLUMNS), REQUEST, { owner: curl() }), '7\t1\t/usr/bin/curl\talice\tc0ffee\t4f1d9b7a-0000-5000-8000-000000000000\tconnect\t2\tGET\n');
    assert.equal(lineOf(new TsvFormat(COLUMNS), REQUEST), '-\t-\t-\t-\t-\t-\t-\t-\tGET\n');
    assert.equal(lineOf(new TsvFormat(COLUMNS), REQUEST, { owner: hostile() }).split('\t').length, COLUMNS.length);
  });
});
