// The blocks of a pcapng file that matter here (draft-ietf-opsawg-pcapng): their types, field offsets, and what an interface
// description says.
//
//   any block   TYPE(4) LENGTH(4) body, padded to 4 bytes LENGTH(4)

import type { LinkRegistry } from '../ring/link_table.js';
import { tickSize, type TickSize } from './pcapng_time.js';

export const BLOCK_TYPE = {
  /** the same in both byte orders */
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  /** obsolete, as EPB but with 16 bits of interface number and of drop count */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const;

export const BLOCK_LENGTH = 4;
/** TYPE, LENGTH and LENGTH again */
export const MIN_BLOCK_BYTES = 12;

export const SECTION = { MAGIC: 8, MAJOR: 12, BYTES: 28 } as const;
export const SECTION_MAGIC = 0x1a2b3c4d;

export const PACKET = { INTERFACE: 8, TIME: 12, CAPTURED_LENGTH: 20, WIRE_LENGTH: 24, DATA: 28, BYTES: 32 } as const;
export const SIMPLE = { WIRE_LENGTH: 8, DATA: 12, BYTES: 16 } as const;
export const INTERFACE = { LINK_TYPE: 8, SNAPLEN: 12, OPTIONS: 16, BYTES: 20 } as const;

const OPTION_END = 0;
const OPTION_NAME = 2;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;
const DEFAULT_TIME_RESOLUTION = 6;
/** more of a name than the link table keeps */
const NAME_BYTES = 64;
const decoder = new TextDecoder();

/** An interface of a section. */
export interface CaptureInterface {
  readonly linkType: number;
  /** row of the link table */
  readonly link: number;
  /** longest frame, 0 for no limit */
  readonly snaplen: number;
  readonly tick: TickSize;
  /** seconds added to every time */
  readonly offsetSeconds: number;
}

/**
 * Reads an Interface Description Block; options that reach beyond it are left out.
 * @param at its first byte in `bytes`
 * @param end one past its last option byte, at least `at` + INTERFACE.OPTIONS
 */
export function readInterface(
  bytes: Uint8Array,
  at: number,
  end: number,
  little: boolean,
  links: LinkRegistry,
): CaptureInterface {
  const view = new DataView(bytes.buffer);
  const linkType = view.getUint16(at + INTERFACE.LINK_TYPE, little);
  let nameAt = 0;
  let nameBytes = 0;
  let resolution = DEFAULT_TIME_RESOLUTION;
  let offsetSeconds = 0;
  for (let option = at + INTERFACE.OPTIONS; end - option >= 4; ) {
    const code = view.getUint16(option, little);
    const length = view.getUint16(option + 2, little);
    const value = option + 4;
    if (code === OPTION_END || end - value < length) break;
    if (code === OPTION_NAME) {
      // Made text behind the loop, once: nothing keeps a file from naming an interface a million times.
      nameAt = value;
      nameBytes = Math.min(length, NAME_BYTES);
    }
    if (code === OPTION_TIME_RESOLUTION && length === 1) resolution = bytes[value];
    // Beyond 2^53 the sum is no date anyway, so a double is exact where it matters.
    if (code === OPTION_TIME_OFFSET && length === 8) offsetSeconds = Number(view.getBigInt64(value, little));
    option = value + ((length + 3) & ~3);
  }
  const snaplen = view.getUint32(at + INTERFACE.SNAPLEN, little);
  const name = text(bytes, nameAt, nameBytes);
  return { linkType, link: links.row(linkType, name), snaplen, tick: tickSize(resolution), offsetSeconds };
}

function text(bytes: Uint8Array, at: number, length: number): string {
  if (length === 0) return '';
  // slice() copies: TextDecoder refuses shared memory.
  const copy = bytes.slice(at, at + length);
  const zero = copy.indexOf(0);
  return decoder.decode(zero === -1 ? copy : copy.subarray(0, zero));
}
