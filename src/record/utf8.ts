// UTF-8 in bytes that may be anything (RFC 3629).

/** Length of the UTF-8 character at `at`, 2 to 4; 0 where there is none that may stand: invalid, cut, or a C1 control. */
export function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  if (first < 0xc2 || first > 0xf4 || at + 1 >= end) return 0;
  const second = bytes[at + 1];
  if (first < 0xe0) {
    if (first === 0xc2 && second < 0xa0) return 0;
    return isContinuation(second) ? 2 : 0;
  }
  if (at + 2 >= end || !isContinuation(second) || !isContinuation(bytes[at + 2])) return 0;
  if (first < 0xf0) {
    // Overlong forms and surrogates are no characters.
    return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3;
  }
  if (at + 3 >= end || !isContinuation(bytes[at + 3])) return 0;
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
