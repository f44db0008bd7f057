// Every line format, and what each line it writes must be, whatever the message was. A new format joins with a row.

import assert from 'node:assert/strict';
import { parseRules } from '../../src/config/rules.js';
import type { PolicySettings } from '../../src/config/settings.js';
import { utcOffset } from '../../src/record/clock.js';
import { EcsFormat } from '../../src/record/ecs.js';
import { JsonFormat } from '../../src/record/json.js';
import { TextFormat } from '../../src/record/text.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { COLUMN_NAMES } from '../../src/record/tsv_columns.js';
import type { LineFormat } from '../../src/record/view.js';

export interface FuzzedFormat {
  readonly name: string;
  /** names of the header fields its records keep beside those every record has */
  readonly headers: readonly string[];
  /** lines go to a region for each kind */
  readonly split: boolean;
  /** which records are written, and what is hidden in them */
  readonly policy: PolicySettings;
  readonly make: () => LineFormat;
  /** @param line without its newline @throws AssertionError when it could mislead a reader */
  readonly check: (line: Uint8Array) => void;
}

const ENDPOINT = '[0-9a-f.:]+#[0-9]{1,5}';
const WHEN = '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}';
/** @param added columns that options bring */
function textLine(added: string): RegExp {
  const request = `[CS]Q ${added}[A-Z-]+ [^ ]+ (HTTP/1\\.[0-9]|-) [^ ]+ [^ ].*`;
  const response = `[CS]R ${added}HTTP/1\\.[0-9] [0-9]{3} .+ [^ ]+ [^ ].*`;
  return new RegExp(`^${WHEN} ${ENDPOINT} ${ENDPOINT} (${request}|${response})$`);
}

function checkText(form: RegExp): (line: Uint8Array) => void {
  return (line) => {
    assert.ok(line.every((byte) => byte >= 0x20 && byte < 0x7f), 'a byte that is not printable ASCII');
    assert.match(Buffer.from(line).toString('latin1'), form);
  };
}

const HASH = 0x23;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// C0, DEL, C1, and a backslash that does not begin \xHH
const UNSAFE_TEXT = /[\u0000-\u001f\u007f-\u009f]|\\(?!x[0-9a-f]{2})/;

/** Valid UTF-8, one object, and no string in it that could move a terminal's cursor or be read in two ways. */
export function checkJson(line: Uint8Array): void {
  const record: unknown = JSON.parse(utf8.decode(line));
  assert.ok(typeof record === 'object' && record !== null && !Array.isArray(record), 'not an object');
  checkStrings(record);
}

function checkStrings(value: unknown): void {
  if (typeof value === 'string') assert.doesNotMatch(value, UNSAFE_TEXT);
  else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) checkStrings(member);
}

/** As many columns as there are, none of them empty; valid UTF-8, no control character, no comment. */
function checkTsv(columns: number): (line: Uint8Array) => void {
  return (line) => {
    const values = utf8.decode(line).split('\t');
    assert.equal(values.length, columns);
    for (const value of values) {
      assert.notEqual(value, '');
      assert.doesNotMatch(value, UNSAFE_TEXT);
    }
    assert.notEqual(line[0], HASH);
  };
}

/** Records as they came. */
const PLAIN: PolicySettings = { include: [], exclude: [], sample: 1, anonymize: { ipv4: 32, ipv6: 128 }, redact: 'off' };
const SECRET: PolicySettings = { ...PLAIN, redact: 'on' };
const HIDDEN: PolicySettings = { ...PLAIN, anonymize: { ipv4: 24, ipv6: 48 }, redact: 'query' };
const CHOSEN: PolicySettings = {
  ...SECRET, sample: 2, include: rules('host=*e*t path=/* or status=?0?,4?? or method=POST'), exclude: rules('addr=10.0.0.0/9,2001:db8::/33 path=*\\\\*'),
};
const HEADERS = ['referer', 'authorization', 'set-cookie', 'cookie', 'location', 'x-request-id'];
const COLUMNS = [...COLUMN_NAMES, ...HEADERS.map((name) => `headers.${name}`)];

function rules(text: string): PolicySettings['include'] {
  const parsed = parseRules([text]);
  assert.ok(parsed, text);
  return parsed;
}

export const FUZZED_FORMATS: readonly FuzzedFormat[] = [
  { name: 'text', headers: [], split: false, policy: PLAIN, check: checkText(textLine('')),
    make: () => new TextFormat({ zone: utcOffset, addVlan: false, addInterface: false }) },
  { name: 'text with columns added', headers: [], split: true, policy: CHOSEN, check: checkText(textLine('if=[^ ]+ vlan=[0-9.-]+ ')),
    make: () => new TextFormat({ zone: utcOffset, addVlan: true, addInterface: true }) },
  { name: 'json', headers: [], split: false, policy: PLAIN, check: checkJson, make: () => new JsonFormat() },
  { name: 'json with header fields', headers: HEADERS, split: false, policy: SECRET, check: checkJson,
    make: () => new JsonFormat({ headers: HEADERS, addCommunityId: true }) },
  { name: 'tsv', headers: HEADERS, split: false, policy: HIDDEN, check: checkTsv(COLUMNS.length), make: () => new TsvFormat(COLUMNS) },
  // whose first column is the message's own, so that it could pretend to be a comment
  { name: 'tsv of one column', headers: [], split: true, policy: PLAIN, check: checkTsv(1), make: () => new TsvFormat(['target']) },
  { name: 'ecs', headers: HEADERS, split: false, policy: SECRET, check: checkJson, make: () => new EcsFormat({ headers: HEADERS, hostname: 'watcher' }) },
];
