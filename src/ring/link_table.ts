// The link table: what a frame's interface is, for the workers. The capture thread adds rows, workers read them; a row
// never changes once a published frame names it, so no lock is needed (publish() of the batch orders the memory).

/** Enough for years of containers that come and go; pages are used as rows are. */
const ROWS = 65536;
const NAME_BYTES = 56;
const ROW_BYTES = 64;

/** Row 0: a frame whose interface is not described (pcapng); no link type has this number. */
export const UNKNOWN_LINK_TYPE = 0xffffffff;

/** Allocates the table with row 0, the unknown interface. */
export function allocateLinkTable(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(ROWS * ROW_BYTES);
  new Uint32Array(memory)[0] = UNKNOWN_LINK_TYPE;
  return memory;
}

/** The capture thread's end. */
export class LinkRegistry {
  private readonly rows = new Map<string, number>();
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private used = 1;

  constructor(memory: SharedArrayBuffer) {
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
  }

  /**
   * The row for an interface of this link type and name; the same pair gives the same row.
   * @param linkType LINKTYPE_ number (www.tcpdump.org/linktypes.html)
   * @param name cut to 56 bytes of UTF-8; '' for none
   * @returns a row; when the table is full, the nameless row of that link type, and 0 when there is not even that
   */
  row(linkType: number, name: string): number {
    const known = this.rows.get(`${linkType} ${name}`);
    if (known !== undefined) return known;
    // The last sixteenth is kept for nameless rows, so that names alone cannot use up the table.
    const usable = name === '' ? ROWS : ROWS - ROWS / 16;
    if (this.used >= usable) return name === '' ? 0 : this.row(linkType, '');
    const row = this.used++;
    const at = row * ROW_BYTES;
    this.words[at >> 2] = linkType;
    const text = new Uint8Array(NAME_BYTES); // encodeInto refuses shared memory
    this.words[(at >> 2) + 1] = new TextEncoder().encodeInto(name, text).written;
    this.bytes.set(text, at + 8);
    this.rows.set(`${linkType} ${name}`, row);
    return row;
  }
}

/** A worker's end. */
export class LinkReader {
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;

  constructor(memory: SharedArrayBuffer) {
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
  }

  /** Link type of a row, UNKNOWN_LINK_TYPE for row 0. */
  linkType(row: number): number {
    return this.words[row * (ROW_BYTES >> 2)];
  }

  /** Interface name of a row as UTF-8, empty for none: a copy, safe to keep. */
  name(row: number): Uint8Array {
    const at = row * ROW_BYTES;
    return new Uint8Array(this.bytes.subarray(at + 8, at + 8 + this.words[(at >> 2) + 1]));
  }
}
