// The connection table: whose a connection is, for the parsing workers. One thread finds out and writes (connection_writer.ts); workers
// read, once a message (connection_reader.ts).
//
//   words   | ANSWERS | EVICTED | … | slot 0 | slot 1 | … |        8 slots a set; a connection is in the set that its hash names
//   slot    | SEQUENCE | key, 9 words | STATE, VIA, SHARED | OWNER | EPOCH | SYN | SINCE, 2 words |
//   words   | notes of first packets (connection_notes.ts) | versions (recent_connections.ts) |
//
// Addresses and ports come again: of a connection whose first packet was seen, SYN is its sequence number and SINCE its time, in
// microseconds since 1970. What was captured before belongs to an earlier connection.
//
// SEQUENCE is odd while a slot is written. A reader that saw it odd or changed under its hands takes the slot for another's: it asks
// (owner_asks.ts), and is answered. ANSWERS counts what was written; who waits for an answer waits for it to change.

import { KEY_WORDS } from './connection_key.js';
import { NOTES_WORDS } from './connection_notes.js';
import { VERSION_WORDS } from './recent_connections.js';

/** What is known of a connection. */
export const OWNERSHIP = {
  /** the table does not have it */
  NONE: 0,
  /** its process */
  KNOWN: 1,
  /** that nobody can be told */
  UNKNOWN: 2,
} as const;

/** Words of the header. */
export const ANSWERS = 0;
export const EVICTED = 1;
const HEADER_WORDS = 16;
const SETS = 16384;
export const SET_SLOTS = 8;
export const CONNECTION_SLOTS = SETS * SET_SLOTS;
export const SLOT_WORDS = 16;
/** Where the notes of first packets and the versions begin. */
export const NOTES = HEADER_WORDS + CONNECTION_SLOTS * SLOT_WORDS;
export const VERSIONS = NOTES + NOTES_WORDS;
/** Words of a slot; its sequence is the first. */
export const KEY = 1;
export const STATE = KEY + KEY_WORDS;
export const OWNER = STATE + 1;
export const EPOCH = STATE + 2;
export const SYN = STATE + 3;
export const SINCE = STATE + 4;
// STATE has VIA from bit 4 on and SHARED from bit 8 on
export const STATE_MASK = 0xf;
export const VIA_SHIFT = 4;
export const SHARED_SHIFT = 8;
/** What the upper word of a time counts. */
export const HIGH = 0x1_0000_0000;

/** 9 MiB, of which only what is used takes memory. */
export function allocateConnectionTable(): SharedArrayBuffer {
  return new SharedArrayBuffer((VERSIONS + VERSION_WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

/** First word of a slot. */
export function wordOf(slot: number): number {
  return HEADER_WORDS + slot * SLOT_WORDS;
}

/** First slot of the set that a hash names. */
export function firstSlot(hash: number): number {
  return (hash & (SETS - 1)) * SET_SLOTS;
}

/** Whether the slot at `at` has the key. */
export function hasKey(words: Int32Array, at: number, key: Int32Array): boolean {
  const slot = at + KEY;
  // Ports first: they differ most. Without a loop: it is asked twice for every message.
  return words[slot + 8] === key[8] && words[slot + 7] === key[7] && words[slot + 3] === key[3]
    && words[slot] === key[0] && words[slot + 1] === key[1] && words[slot + 2] === key[2]
    && words[slot + 4] === key[4] && words[slot + 5] === key[5] && words[slot + 6] === key[6];
}
