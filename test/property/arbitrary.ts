// Parts of messages, frames and files, for properties that hold for all of them.

import fc from 'fast-check';

/** Bytes of which each is one of `allowed`. */
export function bytesOf(allowed: (byte: number) => boolean, size: { minLength?: number; maxLength?: number }): fc.Arbitrary<Uint8Array> {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(allowed);
  return fc.array(fc.constantFrom(...bytes), size).map((list) => Uint8Array.from(list));
}

/** The bytes of text, UTF-8 of every length included, or any bytes at all. */
export const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new Uint8Array(Buffer.from(text))),
  bytesOf((byte) => [0x20, 0x22, 0x2d, 0x5c, 0x78, 0x0a, 0xc2, 0x85, 0xa0, 0xe2, 0x80, 0xff].includes(byte), { maxLength: 12 }),
);

const LF = 0x0a;
const BLANKS = [0x20, 0x09, 0x0d];

/** A header field's value as the wire may hold it: no line end in it, no blank around it. */
export const fieldValue = anyBytes.map((bytes) => {
  const inner = bytes.filter((byte) => byte !== LF);
  let start = 0;
  let end = inner.length;
  while (start < end && BLANKS.includes(inner[start])) start++;
  while (end > start && BLANKS.includes(inner[end - 1])) end--;
  return inner.subarray(start, end);
});

/** A request target without flaw: at least one byte, no blank, no control. */
export const target = bytesOf((byte) => byte > 0x20 && byte !== 0x7f, { minLength: 1, maxLength: 60 });

export const lineEnd = fc.constantFrom('\r\n', '\n');

/** Optional white space around a value. */
export const blanks = fc.array(fc.constantFrom(' ', '\t'), { maxLength: 3 }).map((list) => list.join(''));

export const version = fc.integer({ min: 0, max: 9 }).map((digit) => `HTTP/1.${digit}`);

/** A name in any mix of cases. */
export function anyCase(name: string): fc.Arbitrary<string> {
  return fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => [...name].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter.toLowerCase())).join(''));
}
