// The process behind a record in the two JSON formats. What is the process's own is made once and kept with it; how it was found is
// the connection's.

import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal } from '../bytes/write.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from './json_text.js';
import { type Owner, VIA_NAMES } from './owner.js';
import type { RecordView } from './view.js';

/** A member to write: what stands before its value, and what behind it. */
type Piece = readonly [before: Uint8Array, value: (owner: Owner) => Uint8Array | number, behind: Uint8Array];

const NOTHING = new Uint8Array(0);

function piece(before: string, value: (owner: Owner) => Uint8Array | number, behind = ''): Piece {
  return [ascii(before), value, behind === '' ? NOTHING : ascii(behind)];
}

/** json: members of the record's object */
const JSON_PIECES: readonly Piece[] = [
  piece(',"pid":', ({ pid }) => pid),
  piece(',"ppid":', ({ ppid }) => ppid),
  piece(',"exe":', ({ exe }) => exe),
  piece(',"user":', ({ user }) => user),
  piece(',"container":', ({ container }) => container),
  piece(',"guid":', ({ guid }) => guid),
];

/** ecs: objects of the schema; `process` begins with its number, which is known of every process */
const ECS_PIECES: readonly Piece[] = [
  piece(',"process":{"pid":', ({ pid }) => pid),
  piece(',"parent":{"pid":', ({ ppid }) => ppid, '}'),
  piece(',"executable":', ({ exe }) => exe),
  piece(',"entity_id":', ({ guid }) => guid),
  piece('}', () => NOTHING),
  piece(',"user":{"name":', ({ user }) => user, '}'),
  piece(',"container":{"id":', ({ container }) => container, '}'),
];

/** Most bytes beside those of the texts. */
export const OWNER_FIXED_BYTES = 320;

const [VIA, SHARED] = [',"proc_via":"', '","proc_shared":'].map(ascii);
const VIAS = VIA_NAMES.map(ascii);

export type OwnerStyle = 'json' | 'ecs';

/** What is the process's own; nothing when none is known. */
export function writeOwner(out: Uint8Array, at: number, { owner }: RecordView, style: OwnerStyle): number {
  if (owner.pid === 0) return at;
  return writeBytes(out, at, owner.rendered ??= render(owner, style));
}

/** How it was found: members of the object that is open. */
export function writeOwnerVia(out: Uint8Array, at: number, { owner, ownerVia, ownerShared }: RecordView): number {
  if (owner.pid === 0) return at;
  let end = writeBytes(out, at, VIA);
  end = writeBytes(out, end, VIAS[ownerVia]);
  return writeDecimal(out, writeBytes(out, end, SHARED), ownerShared);
}

function render(owner: Owner, style: OwnerStyle): Uint8Array {
  const out = new Uint8Array(OWNER_FIXED_BYTES + ESCAPED_JSON_BYTES * owner.length);
  let end = 0;
  for (const [before, value, behind] of style === 'json' ? JSON_PIECES : ECS_PIECES) {
    const of = value(owner);
    if (of === NOTHING) end = writeBytes(out, end, before);
    else if (typeof of === 'number' ? of >= 0 : of.length > 0) end = writeBytes(out, writeValue(out, writeBytes(out, end, before), of), behind);
  }
  return out.slice(0, end);
}

function writeValue(out: Uint8Array, at: number, value: Uint8Array | number): number {
  return typeof value === 'number' ? writeDecimal(out, at, value) : writeJsonText(out, at, value, 0, value.length);
}
