// Bytes that processes chose, as text that can forge no line, no column and no field.

import type { ProcessImage } from '../host/process_image.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from '../record/json_text.js';
import type { Owner } from './connection.js';

export const UNKNOWN = 'unknown';
const NUL = 0;
const BLANK = 0x20;
const SLASH = 0x2f;
/** Control, format and line-breaking characters: the backslash that stands for others is escaped before. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

let scratch = new Uint8Array(4096);

/** As a JSON string with its quotes: what is no text becomes \xHH, as in every record (record/json_text.ts). */
export function jsonString(bytes: Uint8Array): string {
  const most = 2 + ESCAPED_JSON_BYTES * bytes.length;
  if (scratch.length < most) scratch = new Uint8Array(most);
  const end = writeJsonText(scratch, 0, bytes, 0, bytes.length);
  return Buffer.from(scratch.buffer, 0, end).toString();
}

/** The same without quotes, and without characters that direct a terminal. */
export function plainText(bytes: Uint8Array): string {
  return (JSON.parse(jsonString(bytes)) as string).replace(UNPRINTABLE, escapeBytes);
}

/** Plain text in which the characters of `more` are escaped, too. */
export function columnText(text: string, more: RegExp): string {
  return text.replace(more, escapeBytes);
}

function escapeBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Arguments with a blank behind each, as httplog processes has them. */
export function cmdlineBytes(image: ProcessImage): Uint8Array | undefined {
  return image.cmdline?.map((byte) => (byte === NUL ? BLANK : byte));
}

/** The name of a program: the last part of its path; undefined: not known. */
export function programName(image: ProcessImage | undefined): Uint8Array | undefined {
  const exe = image?.exe;
  return exe?.subarray(exe.lastIndexOf(SLASH) + 1);
}

/** The path of the program as plain text. */
export function exeText(owner: Owner | undefined): string {
  return owner?.image.exe === undefined ? UNKNOWN : plainText(owner.image.exe);
}
