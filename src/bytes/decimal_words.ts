// Decimal numbers of up to five digits in one or two stores: octets of addresses, ports, milliseconds. Each text is a word of four
// bytes; what stands behind the digits is overwritten by what follows, so the caller leaves four bytes of room.

const ZERO = 0x30;
const BLANK = 0x20;
const DOT = 0x2e;

/** by number, 0 to 999: its digits without leading zeros, then blanks */
const PLAIN = new Int32Array(1000);
/** by number, 0 to 999: three digits and a blank */
const PADDED = new Int32Array(1000);
/** by octet: its digits and a dot */
const OCTETS = new Int32Array(256);
const DIGITS = new Uint8Array(1000);

// By arithmetic: this runs at each start, before the engine has compiled anything.
for (let value = 0; value < 1000; value++) {
  const tens = (value / 10) | 0;
  const hundreds = (tens / 10) | 0;
  const digits = (ZERO + hundreds) | ((ZERO + tens - hundreds * 10) << 8) | ((ZERO + value - tens * 10) << 16);
  const left = value < 10 ? 2 : value < 100 ? 1 : 0;
  // What is left of three digits is shifted out below, and blanks come in above.
  const shortened = digits >>> (8 * left);
  const blanks = (0x20202020 << (8 * (3 - left))) | 0;
  DIGITS[value] = 3 - left;
  PADDED[value] = digits | (BLANK << 24);
  PLAIN[value] = shortened | blanks;
  if (value < OCTETS.length) OCTETS[value] = PLAIN[value] ^ ((BLANK ^ DOT) << (8 * (3 - left)));
}

/** A number from 0 to 65535 and a blank. @returns the offset behind the blank */
export function writeDecimal16(words: DataView, at: number, value: number): number {
  if (value < 1000) {
    words.setInt32(at, PLAIN[value], true);
    return at + DIGITS[value] + 1;
  }
  const thousands = (value / 1000) | 0;
  words.setInt32(at, PLAIN[thousands], true);
  const end = at + DIGITS[thousands];
  words.setInt32(end, PADDED[value - thousands * 1000], true);
  return end + 4;
}

/** A number from 0 to 999 as three digits and a blank. @returns the offset behind the blank */
export function writePadded3(words: DataView, at: number, value: number): number {
  words.setInt32(at, PADDED[value], true);
  return at + 4;
}

/** The four octets of an IPv4 address at `address` in `bytes`, each with a dot behind it. @returns the offset behind the last dot */
export function writeOctets(words: DataView, at: number, bytes: Uint8Array, address: number): number {
  const first = bytes[address];
  const second = bytes[address + 1];
  const third = bytes[address + 2];
  const fourth = bytes[address + 3];
  words.setInt32(at, OCTETS[first], true);
  let end = at + DIGITS[first] + 1;
  words.setInt32(end, OCTETS[second], true);
  end += DIGITS[second] + 1;
  words.setInt32(end, OCTETS[third], true);
  end += DIGITS[third] + 1;
  words.setInt32(end, OCTETS[fourth], true);
  return end + DIGITS[fourth] + 1;
}
