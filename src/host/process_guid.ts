// A name for a process that no other process of any host ever has: UUID version 5 (RFC 9562 section 5.5) of `PID:START` in the
// namespace of the boot, START being field 22 of /proc/PID/stat. Whoever knows these three makes the same one:
//
//     python3 -c "import uuid; print(uuid.uuid5(uuid.UUID(open('/proc/sys/kernel/random/boot_id').read().strip()), '1:2'))"

import { readFileSync } from 'node:fs';
import { COLON, hexDigit } from '../bytes/ascii.js';
import { SHA1_BYTES, sha1 } from '../bytes/sha1.js';
import { writeDecimal } from '../bytes/write.js';

const UUID_BYTES = 16;
const DASHES_BEFORE = new Set([4, 6, 8, 10]);
const MOST_NAME_BYTES = 32;

/** The 16 bytes of a UUID's text. @throws Error when it is none */
export function parseUuid(text: string): Uint8Array {
  const digits = text.trim().replaceAll('-', '');
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) throw new Error('not a UUID');
  return Uint8Array.from({ length: UUID_BYTES }, (_, i) => hexDigit(digits.charCodeAt(2 * i)) << 4 | hexDigit(digits.charCodeAt(2 * i + 1)));
}

/** Makes the names of one boot's processes. */
export class ProcessGuids {
  private readonly input = new Uint8Array(UUID_BYTES + MOST_NAME_BYTES);
  private readonly hash = new Uint8Array(SHA1_BYTES);

  /** @param boot the boot's UUID, default: this one's */
  constructor(boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) {
    this.input.set(parseUuid(boot));
  }

  /** @param startTicks since boot, as /proc/PID/stat counts */
  of(pid: number, startTicks: number): string {
    const { input, hash } = this;
    let end = writeDecimal(input, UUID_BYTES, pid);
    input[end++] = COLON;
    end = writeDecimal(input, end, startTicks);
    sha1(input, end, hash);
    hash[6] = (hash[6] & 0x0f) | 0x50;
    hash[8] = (hash[8] & 0x3f) | 0x80;
    let text = '';
    for (let i = 0; i < UUID_BYTES; i++) text += (DASHES_BEFORE.has(i) ? '-' : '') + HEX[hash[i]];
    return text;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
