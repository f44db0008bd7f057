// The published field list of the Elastic Common Schema (test/data/), and whether a document keeps to it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../scripts/project.js';

interface EcsField {
  readonly type: string;
  readonly isArray: boolean;
  /** undefined: any */
  readonly allowed: readonly string[] | undefined;
}

const FIELDS = new Map(readFileSync(join(ROOT, 'test/data/ecs-8.11-fields.tsv'), 'utf8').split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line): [string, EcsField] => {
    const [name, type, normalize, allowed] = line.split('\t');
    return [name, { type, isArray: normalize === 'array', allowed: allowed === '-' ? undefined : allowed.split(',') }];
  }));

/** Every leaf of a document by its dotted name; arrays are leaves. */
export function flatten(document: object, prefix = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [key, value] of Object.entries(document) as [string, unknown][]) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      assert.notEqual(Object.keys(value).length, 0, `${prefix}${key} is empty`);
      for (const [name, leaf] of flatten(value, `${prefix}${key}.`)) leaves.set(name, leaf);
    } else {
      leaves.set(prefix + key, value);
    }
  }
  return leaves;
}

/**
 * Checks every leaf against the list: its name, its type, its allowed values; outside the schema only under `own`.
 * @returns the names used
 */
export function checkEcs(document: object, own: string): string[] {
  const leaves = flatten(document);
  for (const [name, value] of leaves) {
    if (name.startsWith(`${own}.`)) continue;
    const field = FIELDS.get(name);
    assert.ok(field !== undefined, `${name} is no field of the schema`);
    assert.equal(Array.isArray(value), field.isArray, `${name}: array or not`);
    for (const item of field.isArray ? value as unknown[] : [value]) checkValue(name, item, field);
  }
  for (const required of ['@timestamp', 'ecs.version']) assert.ok(leaves.has(required), required);
  return [...leaves.keys()];
}

function checkValue(name: string, value: unknown, { type, allowed }: EcsField): void {
  const text = `${name} (${type}): ${JSON.stringify(value)}`;
  switch (type) {
    case 'keyword': case 'wildcard': assert.equal(typeof value, 'string', text); break;
    case 'long': assert.ok(Number.isSafeInteger(value), text); break;
    case 'ip': assert.notEqual(isIP(value as string), 0, text); break;
    case 'date': assert.match(value as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/, text); break;
    default: assert.fail(`${text}: no type this test knows`);
  }
  if (allowed !== undefined) assert.ok(allowed.includes(value as string), text);
}
