// A reader of Zeek's log format that follows Zeek's own rules (log writer Ascii and zeek-cut), and knows nothing of httplog: the
// header says the separators, the columns and their types; `\xHH` is a byte.

import assert from 'node:assert/strict';

export type ZeekValue = string | number | boolean | undefined | readonly (string | number)[];
export type ZeekRow = Readonly<Record<string, ZeekValue>>;

export interface ZeekLog {
  /** each header in its order: what `#fields` and `#types` say */
  readonly headers: readonly { readonly fields: readonly string[]; readonly types: readonly string[]; readonly path: string }[];
  /** each record by the columns of the header it stands under; absent values are undefined, strings are bytes as characters */
  readonly rows: readonly ZeekRow[];
}

/** @param text one byte a character */
export function readZeekLog(text: string): ZeekLog {
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is whole');
  const headers: { fields: string[]; types: string[]; path: string }[] = [];
  const rows: ZeekRow[] = [];
  const meta = new Map<string, string>();
  let separator = '\t';
  for (const line of text.split('\n').slice(0, -1)) {
    if (!line.startsWith('#')) {
      rows.push(readRow(line.split(separator), headers.at(-1)!, meta));
      continue;
    }
    if (line.startsWith('#separator ')) {
      separator = unescape(line.slice('#separator '.length));
      meta.clear();
      continue;
    }
    const [name, ...values] = line.slice(1).split(separator);
    meta.set(name, values.join(separator));
    if (name === 'types') {
      const fields = meta.get('fields')!.split(separator);
      assert.equal(values.length, fields.length);
      for (const needed of ['set_separator', 'empty_field', 'unset_field', 'path', 'open']) assert.ok(meta.has(needed), needed);
      assert.match(meta.get('open')!, /^\d{4}(-\d\d){5}$/);
      headers.push({ fields, types: values, path: meta.get('path')! });
    }
  }
  return { headers, rows };
}

function readRow(
  cells: readonly string[], { fields, types }: { fields: readonly string[]; types: readonly string[] }, meta: ReadonlyMap<string, string>,
): ZeekRow {
  assert.equal(cells.length, fields.length, 'as many values as columns');
  return Object.fromEntries(fields.map((field, at) => [field, readValue(cells[at], types[at], meta)]));
}

function readValue(cell: string, type: string, meta: ReadonlyMap<string, string>): ZeekValue {
  if (cell === meta.get('unset_field')) return undefined;
  const list = /^(?:vector|set)\[(\w+)\]$/.exec(type);
  if (list !== null) {
    if (cell === meta.get('empty_field')) return [];
    return cell.split(meta.get('set_separator')!).map((item) => readValue(item, list[1], meta) as string | number);
  }
  switch (type) {
    case 'string': case 'enum': return cell === meta.get('empty_field') ? '' : unescape(cell);
    case 'count': case 'port':
      assert.match(cell, /^\d+$/, type);
      return Number(cell);
    case 'bool':
      assert.match(cell, /^[TF]$/);
      return cell === 'T';
    case 'time':
      assert.match(cell, /^\d+\.\d{9}$/);
      return cell;
    case 'addr':
      assert.match(cell, /^[0-9a-f:.]+$/);
      return cell;
    default: throw new Error(`type ${type}`);
  }
}

function unescape(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
