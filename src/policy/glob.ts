// Globs over bytes: `*` any run of bytes, `?` one byte, `\` takes the next character as it is. The whole value must match.
//
// A glob is a row of tokens with places between them, a set of bits says which places the bytes so far can have led to, and
// every byte moves all of them at once (Navarro and Raffinot, Flexible Pattern Matching in Strings, 4.3: extended patterns).
// Nothing is ever tried twice: a value costs at most its length times the words of the set, whatever glob and value are.

const STAR = 0x2a;
const QUESTION_MARK = 0x3f;
const BACKSLASH = 0x5c;
const CASE = 0x20;

export class Glob {
  /** words of 32 places */
  private readonly words: number;
  /** by byte, then word: the places that a byte leads on from */
  private readonly moves: Int32Array;
  /** places that every byte stays at: those before a `*` */
  private readonly stays: Int32Array;
  private readonly places: Int32Array;
  private readonly lastWord: number;
  private readonly lastBit: number;

  /**
   * @param text its length sets the words; config/rules.ts bounds it
   * @param foldCase ASCII letters match in either case
   */
  constructor(text: string, foldCase: boolean) {
    const { tokens, stars } = tokenise(new TextEncoder().encode(text));
    this.words = (tokens.length >> 5) + 1;
    this.moves = new Int32Array(256 * this.words);
    this.stays = new Int32Array(this.words);
    this.places = new Int32Array(this.words);
    this.lastWord = tokens.length >> 5;
    this.lastBit = 1 << (tokens.length & 31);
    tokens.forEach((token, place) => {
      for (let byte = 0; byte < 256; byte++) {
        if (accepts(token, byte, foldCase)) this.moves[byte * this.words + (place >> 5)] |= 1 << (place & 31);
      }
    });
    for (const place of stars) this.stays[place >> 5] |= 1 << (place & 31);
  }

  /** Whether `from` to `to` match as a whole. */
  matches(bytes: Uint8Array, from: number, to: number): boolean {
    const { words, moves, stays, places, lastWord, lastBit } = this;
    const endsInStar = (stays[lastWord] & lastBit) !== 0;
    places.fill(0);
    places[0] = 1;
    for (let at = from; at < to; at++) {
      if (endsInStar && (places[lastWord] & lastBit) !== 0) return true;
      const row = bytes[at] * words;
      let carry = 0;
      let alive = 0;
      for (let word = 0; word < words; word++) {
        const here = places[word];
        const moving = here & moves[row + word];
        const next = (moving << 1) | carry | (here & stays[word]);
        carry = moving >>> 31;
        places[word] = next;
        alive |= next;
      }
      if (alive === 0) return false;
    }
    return (places[lastWord] & lastBit) !== 0;
  }
}

const ANY = -1;

/** Tokens: a byte, or ANY; `stars` are the places (numbers of the token behind) where a `*` stands. */
function tokenise(text: Uint8Array): { tokens: number[]; stars: Set<number> } {
  const tokens: number[] = [];
  const stars = new Set<number>();
  for (let at = 0; at < text.length; at++) {
    if (text[at] === STAR) stars.add(tokens.length);
    else if (text[at] === QUESTION_MARK) tokens.push(ANY);
    else if (text[at] === BACKSLASH && at + 1 < text.length) tokens.push(text[++at]);
    else tokens.push(text[at]);
  }
  return { tokens, stars };
}

function accepts(token: number, byte: number, foldCase: boolean): boolean {
  if (token === ANY || token === byte) return true;
  const letter = token | CASE;
  return foldCase && letter === (byte | CASE) && letter >= 0x61 && letter <= 0x7a;
}
