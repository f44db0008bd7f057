// The smallest programs there are: static ELF executables, written byte by byte, that do nothing but one exit(2).

import { chmodSync, writeFileSync } from 'node:fs';

const ADDRESS = 0x400000;
const HEADERS_BYTES = 64 + 56;

/** Machine code of `exit(status)` and its ELF machine number, by Node's name of the architecture. */
const CODE: Readonly<Record<string, { readonly machine: number; exit(status: number): number[] }>> = {
  // mov edi, status; mov eax, 60; syscall
  x64: { machine: 62, exit: (status) => [0xbf, status, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05] },
  // mov w0, #status; mov w8, #93; svc #0
  arm64: { machine: 183, exit: (status) => [...word(0x52800000 | (status << 5)), ...word(0x52800ba8), ...word(0xd4000001)] },
};

function word(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

/**
 * Writes the program.
 * @param status 0 to 255, what it ends with
 * @throws Error on an architecture whose machine code we do not have
 */
export function writeTinyProgram(path: string, status: number): void {
  const code = CODE[process.arch];
  if (code === undefined) throw new Error(`no machine code for ${process.arch}`);
  const text = code.exit(status);
  const file = new Uint8Array(HEADERS_BYTES + text.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little endian, version 1
  view.setUint16(16, 2, true); // an executable
  view.setUint16(18, code.machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(ADDRESS + HEADERS_BYTES), true); // entry point
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // one segment to load
  view.setUint32(68, 5, true); // to read and execute
  view.setBigUint64(80, BigInt(ADDRESS), true);
  view.setBigUint64(88, BigInt(ADDRESS), true);
  view.setBigUint64(96, BigInt(file.length), true);
  view.setBigUint64(104, BigInt(file.length), true);
  view.setBigUint64(112, 0x1000n, true);
  file.set(text, HEADERS_BYTES);
  writeFileSync(path, file);
  chmodSync(path, 0o755);
}
