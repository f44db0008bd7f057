// Secrets in a URL, or in what stands in place of one: userinfo, and the values of secret parameters in query, fragment and path
// (`;jsessionid=`). In one walk, on the safe side: what might be a secret goes, what is cut off or badly formed is no way around.
//
// Delimiters count in every layer of percent-encoding, so that a URL inside a parameter is read like the one around it: in
// `?next=http%3A%2F%2Fh%2F%3Ftoken%3Dabc%26x%3D1&y=2` the secret is `abc`, because its `=` is encoded once and so is the `&`.
// Lookaheads end at the next delimiter of their own layer or one outside it: the time is linear in the length of the value.

import { ascii, COLON } from '../bytes/ascii.js';
import { writeBytes } from '../bytes/write.js';
import { EncodedByte } from './encoded_byte.js';
import { NameTest } from './secret_names.js';

/** What stands in place of a secret. */
export const REPLACEMENT = ascii('REDACTED');
/** A value that would grow by more (hundreds of tiny secrets) has its rest replaced as a whole. */
const MAX_GROWTH_BYTES = 4096;
/** Most bytes that redact() writes beyond the length of its value. */
export const MAX_EXTRA_BYTES = MAX_GROWTH_BYTES + 2 * REPLACEMENT.length;

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUESTION_MARK = 0x3f;
const AT = 0x40;

/** 1 for bytes before and behind which a parameter's name cannot go on. */
const isDelimiter = tableOf('?&;#=/\\:,');
/** 1 for bytes to stop the walk at. */
const isSpecial = tableOf('?&;#=/\\:,%');
const isSlash = tableOf('/\\');
/** 1 for bytes that may stand before the colon of a scheme, or of a user and his password without one. */
const beginsValue = tableOf('/\\?&;#=@:%').map((value) => 1 - value);

/** What a byte of a value means at the first look: nothing, that a name begins behind it, that one ends, that the whole walk is needed. */
const LOOK = { ON: 0, DELIMITER: 1, NAME: 2, CLOSER: 3 } as const;

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of ascii(characters)) table[byte] = 1;
  return table;
}

export class UrlRedactor {
  /** by byte: one of LOOK */
  private readonly looks: Uint8Array;
  private readonly encoded = new EncodedByte();
  private readonly names = new NameTest();
  private bytes: Uint8Array = REPLACEMENT;
  private from = 0;
  private to = 0;
  private cut = false;
  private out: Uint8Array = REPLACEMENT;
  private outStart = 0;
  private outAt = 0;
  /** behind what has been copied or replaced */
  private done = 0;
  /** a question mark or hash was seen: an `&` separates parameters from here on */
  private inQuery = false;
  /** of the last run of slashes: how many, and the layer of the last one */
  private slashes = 0;
  private slashDepth = 0;

  /** @param everyValue replace all values of query and fragment, whatever their names */
  constructor(private readonly everyValue: boolean) {
    const closer = tableOf(everyValue ? '@%?#' : '@%');
    this.looks = isDelimiter.map((delimits, byte) => {
      if (closer[byte] === 1) return LOOK.CLOSER;
      if (byte === EQUALS) return LOOK.NAME;
      return delimits === 1 ? LOOK.DELIMITER : LOOK.ON;
    });
  }

  /**
   * Writes the value `from` to `to` without its secrets.
   * @param cut the value goes on behind the end of the packet
   * @param out room for the length of the value and MAX_EXTRA_BYTES from `at` on
   * @returns the offset behind in `out`; -1 when there was nothing to replace, and then nothing counts that was written
   */
  redact(bytes: Uint8Array, from: number, to: number, cut: boolean, out: Uint8Array, at: number): number {
    if (!cut && this.isHarmless(bytes, from, to)) return -1;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.cut = cut;
    this.out = out;
    this.outStart = at;
    this.outAt = at;
    this.done = from;
    this.inQuery = false;
    this.walk(this.leadingUserinfo());
    if (this.outAt === at) return -1;
    this.copyTo(to);
    return this.outAt;
  }

  /**
   * Whether there is nothing to replace for certain: no userinfo without an `@`, and no secret but behind the `=` of its name, where
   * nothing is percent-encoded. Most values are done with after this one pass.
   */
  private isHarmless(bytes: Uint8Array, from: number, to: number): boolean {
    const { looks } = this;
    let nameStart = from | 0;
    for (let at = from | 0; at < to; at = (at + 1) | 0) {
      const look = looks[bytes[at]];
      if (look === LOOK.ON) continue;
      if (look === LOOK.CLOSER || (look === LOOK.NAME && this.names.isSecret(bytes, nameStart, at))) return false;
      nameStart = (at + 1) | 0;
    }
    return true;
  }

  private walk(from: number): void {
    const { bytes, to, encoded } = this;
    let nameStart = from;
    let at = from;
    while (at < to) {
      if (isSpecial[bytes[at]] === 0) {
        at++;
        continue;
      }
      encoded.read(bytes, at, to);
      const { value, depth, next } = encoded;
      if (isDelimiter[value] === 0) {
        at = next;
        continue;
      }
      let behind = next;
      if (isSlash[value] === 1) {
        behind = this.behindSlashes(at, at === nameStart);
      } else if (value === EQUALS) {
        if (this.names.isSecret(bytes, nameStart, at)) behind = this.replace(next, this.secretEnd(next, depth));
      } else if (value === QUESTION_MARK || value === HASH) {
        this.inQuery = true;
        if (this.everyValue && depth === 0) {
          this.replaceEveryValue(next);
          return;
        }
      }
      nameStart = behind;
      at = behind;
    }
  }

  /**
   * Userinfo at the start of the value: behind `scheme://`, or where browsers and sloppy clients take it too: behind `scheme:`
   * with any slashes, or at once. @returns where the walk begins
   */
  private leadingUserinfo(): number {
    const { bytes, from, to } = this;
    let at = from;
    while (at < to && beginsValue[bytes[at]] === 1) at++;
    if (at === to || bytes[at] !== COLON) return this.behindUserinfo(from, 0, at < to && bytes[at] === PERCENT);
    return this.behindUserinfo(this.skipSlashes(at + 1), this.slashDepth, true);
  }

  /**
   * Behind a run of slashes, and behind the userinfo that follows where the run begins a host.
   * @param begun nothing stands between the run and the delimiter before it, as in `http://` and `=//`, unlike `a//b`
   */
  private behindSlashes(from: number, begun: boolean): number {
    const at = this.skipSlashes(from);
    return begun && this.slashes > 1 ? this.behindUserinfo(at, this.slashDepth, true) : at;
  }

  /** @returns the offset behind the run of slashes, if any; `slashes` and `slashDepth` tell of it */
  private skipSlashes(from: number): number {
    const { bytes, to, encoded } = this;
    let at = from;
    this.slashes = 0;
    this.slashDepth = 0;
    for (; at < to; at = encoded.next) {
      encoded.read(bytes, at, to);
      if (isSlash[encoded.value] === 0) break;
      this.slashes++;
      this.slashDepth = encoded.depth;
    }
    return at;
  }

  /**
   * Replaces userinfo: all up to the last `@` before the host's end (as browsers do), or when the value is cut off before that end
   * all there is.
   * @param depth layer of the slashes before it
   * @param mayBeCut the end of the value may have cut it
   * @returns `from`, or the offset behind what was replaced
   */
  private behindUserinfo(from: number, depth: number, mayBeCut: boolean): number {
    const { bytes, to, encoded, inQuery } = this;
    let lastAt = from;
    let at = from;
    for (; at < to; at = encoded.next) {
      encoded.read(bytes, at, to);
      const { value } = encoded;
      if (value === AT) lastAt = at;
      else if (encoded.depth <= depth && (isSlash[value] === 1 || value === QUESTION_MARK || value === HASH || (value === AMPERSAND && inQuery))) break;
    }
    return this.replace(from, this.cut && mayBeCut && at >= to ? to : lastAt);
  }

  /** Where the value of a secret ends, whose `=` is in layer `depth`. */
  private secretEnd(from: number, depth: number): number {
    const { bytes, to, encoded } = this;
    let at = from;
    while (at < to) {
      if (isSpecial[bytes[at]] === 0) {
        at++;
        continue;
      }
      encoded.read(bytes, at, to);
      const { value, next } = encoded;
      if (encoded.depth <= depth) {
        if (value === AMPERSAND) return at;
        // Others may as well belong to the secret: they end it only where a next parameter follows.
        if ((value === SEMICOLON || value === QUESTION_MARK || value === HASH) && this.isName(next)) return at;
      }
      at = next;
    }
    return to;
  }

  /** Whether the next delimiter is an `=`, with something before it. */
  private isName(from: number): boolean {
    const { bytes, to, encoded } = this;
    for (let at = from; at < to; at = encoded.next) {
      encoded.read(bytes, at, to);
      if (isDelimiter[encoded.value] === 1) return encoded.value === EQUALS && at > from;
    }
    return false;
  }

  /**
   * Query or fragment from `from` on: of each parameter what is behind the first `=`, or all of it where there is none, or where
   * what stands before it is more than a name (`?http://bob:secret@h/=`).
   */
  private replaceEveryValue(from: number): void {
    const { bytes, to, encoded } = this;
    let valueStart = from;
    let inName = true;
    for (let at = from; at < to; at = encoded.next) {
      encoded.read(bytes, at, to);
      const { value, depth } = encoded;
      if (depth === 0 && (value === AMPERSAND || value === SEMICOLON || value === HASH)) {
        if (this.replace(valueStart, at) === to) return;
        valueStart = at + 1;
        inName = true;
      } else if (inName && depth === 0 && value === EQUALS) {
        valueStart = at + 1;
        inName = false;
      } else if (isDelimiter[value] === 1 || value === AT) {
        inName = false;
      }
    }
    this.replace(valueStart, to);
  }

  /** @returns `to`, or the end of the value where the rest was replaced with it */
  private replace(from: number, to: number): number {
    if (from >= to) return from;
    this.copyTo(from);
    const grown = this.outAt - this.outStart - (from - this.from);
    this.done = grown > MAX_GROWTH_BYTES ? this.to : to;
    this.outAt = writeBytes(this.out, this.outAt, REPLACEMENT);
    return this.done;
  }

  private copyTo(end: number): void {
    const { bytes, out } = this;
    for (let at = this.done; at < end; at++) out[this.outAt++] = bytes[at];
    this.done = Math.max(this.done, end);
  }
}
