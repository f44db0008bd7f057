// seccomp(2), for one side effect: a filter that all threads share makes them share "no new privileges" too, which prctl(2) sets for
// the calling thread alone. The filter itself lets everything pass.

import { arch } from 'node:os';
import { type InstructionProgram, bind } from './libc.js';

/** SYS_seccomp by Node's name of the architecture: the C libraries have no function for it. */
const SYSTEM_CALL: Readonly<Record<string, number>> = {
  x64: 317, arm64: 277, arm: 383, ia32: 354, ppc64: 358, s390x: 348, riscv64: 277, loong64: 277,
};
// linux/seccomp.h
const SET_MODE_FILTER = 1;
const FLAG_TSYNC = 1;
/** Without it kernels before 5.16 turn off speculation past stores, which costs speed. */
const FLAG_SPEC_ALLOW = 4;
const RET_ALLOW = 0x7fff0000;
/** BPF `ret #SECCOMP_RET_ALLOW`. struct sock_filter (linux/filter.h): 16-bit code (BPF_RET 6), two jump bytes, 32-bit constant. */
const ALLOW_ALL = new Uint8Array(new Uint32Array([0, RET_ALLOW]).buffer);
new Uint16Array(ALLOW_ALL.buffer)[0] = 6;

const systemCall = bind<(number: number, operation: number, flags: number, program: InstructionProgram) => number>(
  'long syscall(long, unsigned int, unsigned int, sock_fprog*)',
);

/**
 * Has every thread of the process share the caller's "no new privileges".
 * @returns false where the kernel cannot: errnoText()
 */
export function shareNoNewPrivileges(): boolean {
  const number = SYSTEM_CALL[arch()];
  return number !== undefined && systemCall(number, SET_MODE_FILTER, FLAG_TSYNC | FLAG_SPEC_ALLOW, { length: 1, instructions: ALLOW_ALL }) === 0;
}
