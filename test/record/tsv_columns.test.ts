import assert from 'node:assert/strict';
import { ALL_COLUMNS, COLUMN, COLUMN_NAMES, columnNumbers, columnType, formatColumns, headersOfColumns, parseColumns } from '../../src/record/tsv_columns.js';
import { tsvHeader } from '../../src/record/tsv_header.js';

describe('record: tsv columns', () => {
  it('are numbered as COLUMN says', () => {
    const { FIRST_HEADER, ...numbers } = COLUMN;
    for (const [name, number] of Object.entries(numbers)) {
      assert.equal(COLUMN_NAMES[number].toUpperCase().replace('ID.', ''), name);
    }
    assert.equal(COLUMN_NAMES.length, FIRST_HEADER);
    assert.deepEqual(columnNumbers(['headers.b', 'ts', 'headers.a', 'id.resp_p']), [FIRST_HEADER, 0, FIRST_HEADER + 1, COLUMN.RESP_P]);
  });

  it('are read from a list', () => {
    assert.deepEqual(parseColumns(['ts', 'host', 'ts']), ['ts', 'host']);
    assert.deepEqual(parseColumns(['all']), ALL_COLUMNS);
    assert.deepEqual(parseColumns(['dst', 'all']), ['dst', ...ALL_COLUMNS.filter((name) => name !== 'dst')]);
    assert.deepEqual(parseColumns(['headers.X-Forwarded-For', 'headers.x-forwarded-for']), ['headers.x-forwarded-for']);
    assert.deepEqual(headersOfColumns(['ts', 'headers.b', 'headers.a']), ['b', 'a']);
  });

  for (const items of [[''], ['TS'], ['ts', ''], ['time'], ['headers'], ['headers.'], ['headers.a b'], ['headers.a:'], ['headers.é'], ['header.a'],
    [`headers.${'a'.repeat(65)}`], Array.from({ length: 65 }, (_, number) => `headers.a${number}`)]) {
    it(`refuses ${JSON.stringify(items).slice(0, 50)}`, () => assert.equal(parseColumns(items), undefined));
  }

  it('are shown as they can be given', () => {
    for (const text of ['all', 'all,headers.referer', 'all,id.orig_h', 'ts', 'host,ts', 'headers.referer']) {
      const columns = parseColumns(text.split(','))!;
      assert.equal(formatColumns(columns), text);
    }
  });

  it('stand under a header in the order Zeek writes it', () => {
    const header = tsvHeader(['ts', 'vlan', 'headers.a']);
    assert.equal(header.columns, '#fields\tts\tvlan\theaders.a\n#types\ttime\tvector[count]\tstring\n');
    assert.equal(
      header.begin(new Date('2026-11-21T17:31:30.999Z')),
      `#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttplog\n#open\t2026-11-21-17-31-30\n${header.columns}`,
    );
    assert.equal(columnType('src'), 'addr');
  });
});
