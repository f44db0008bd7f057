// Arguments of a process as Python's repr() shows a list of strings, which is what lognet writes. Bytes that are no UTF-8 are
// the lone surrogates of PEP 383.

import { utf8Length } from '../../record/utf8.js';

const NUL = 0;
const BACKSLASH = '\\';
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** What Python does not print: all of Other and Separator but the blank. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

/** @param cmdline arguments, each ended by NUL */
export function pythonList(cmdline: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < cmdline.length;) {
    const nul = cmdline.indexOf(NUL, at);
    const end = nul < 0 ? cmdline.length : nul;
    words.push(pythonString(cmdline.subarray(at, end)));
    at = end + 1;
  }
  return `[${words.join(', ')}]`;
}

function pythonString(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = quote;
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at] < 0x80 ? 1 : isC1(bytes, at) ? 2 : utf8Length(bytes, at, bytes.length);
    if (length === 0) {
      text += `${BACKSLASH}udc${bytes[at].toString(16)}`;
      at++;
      continue;
    }
    text += shown(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString(), quote);
    at += length;
  }
  return text + quote;
}

/** A control U+0080 to U+009F, which utf8Length() does not take for a character. */
function isC1(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xc2 && bytes[at + 1] >= 0x80 && bytes[at + 1] < 0xa0;
}

function shown(character: string, quote: string): string {
  if (character === quote) return BACKSLASH + character;
  const escape = ESCAPES[character];
  if (escape !== undefined) return escape;
  if (character === ' ' || !UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `${BACKSLASH}x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `${BACKSLASH}u${code.toString(16).padStart(4, '0')}` : `${BACKSLASH}U${code.toString(16).padStart(8, '0')}`;
}
