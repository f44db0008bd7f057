// httplog's JSON records beside tshark's messages of the same wire.

import assert from 'node:assert/strict';
import { hasStrictStartLine, oracle, oracleBeside, type OracleMessage } from './oracle.js';
import { asJsonRecord } from './oracle_json.js';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** What only one of the two can say: our marks, and what tells one capture of the wire from another. */
const NOT_COMPARED = new Set(['truncated', 'malformed', 'vlan', 'encap', 'iface', 'time', 'frame']);

/** Members of a record that two captures of one wire have in common. */
export function comparable(record: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !NOT_COMPARED.has(name)));
}

/** What tshark finds in a capture with start lines nobody can argue about, as comparable() records, in capture order. */
export function expectedRecords(file: string, ports = '80'): JsonRecord[] {
  return recordsOf(oracle(file, ports));
}

/** As expectedRecords(), while the test goes on. */
export async function expectedRecordsBeside(file: string, ports = '80'): Promise<JsonRecord[]> {
  return recordsOf(await oracleBeside(file, ports));
}

const recordsOf = (messages: readonly OracleMessage[]): JsonRecord[] => messages.filter(hasStrictStartLine).map(asJsonRecord).map(comparable);

/** Our records of whole and flawless start lines: tshark has its own idea of the others. */
export function strictRecords(records: readonly JsonRecord[]): JsonRecord[] {
  return records.filter((record) => record['malformed'] !== true && record['version'] !== undefined);
}

/** Our records against tshark's, one by one and in order. @param atLeast so that no empty capture passes */
export function assertSameRecords(ours: readonly JsonRecord[], theirs: readonly JsonRecord[], atLeast: number): void {
  assert.deepEqual(strictRecords(ours).map(comparable), theirs);
  assert.ok(theirs.length >= atLeast, `${theirs.length} records, ${atLeast} expected`);
}

/** Kinds as the client's side has them: SQ for CQ, SR for CR. */
export function asClient(records: readonly JsonRecord[]): JsonRecord[] {
  return records.map((record) => ({ ...record, kind: String(record['kind']).replace('C', 'S') }));
}
