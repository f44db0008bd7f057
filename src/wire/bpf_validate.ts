// Which classic BPF programs are run: those that end, stay inside their memory and look only at the frame. As bpf_check_classic()
// of net/core/filter.c, without the kernel's extensions, which ask for what a file does not have (interface, VLAN metadata, …).

import {
  BPF_ALU,
  BPF_CLASS,
  BPF_CODE,
  BPF_JUMP,
  BPF_MAX_INSTRUCTIONS,
  BPF_MEMORY_WORDS,
  BPF_WORD,
  BPF_WORDS,
  BPF_X,
  type BpfProgram,
} from './bpf_program.js';

const MAX_CODE = 0xffff;
const MAX_JUMP = 0xff;
/** Loads from here on are extensions: SKF_LL_OFF, SKF_NET_OFF, SKF_AD_OFF are negative. */
const EXTENSIONS = 0x80000000;

const PLAIN_CODES: ReadonlySet<number> = new Set(Object.values(BPF_CODE));
const CONDITIONAL_JUMPS: ReadonlySet<number> = withOperands(BPF_JUMP);
const ARITHMETIC: ReadonlySet<number> = withOperands(BPF_ALU);
const FRAME_LOADS: ReadonlySet<number> = new Set([
  BPF_CODE.LD_WORD,
  BPF_CODE.LD_HALF,
  BPF_CODE.LD_BYTE,
  BPF_CODE.LD_WORD_INDEXED,
  BPF_CODE.LD_HALF_INDEXED,
  BPF_CODE.LD_BYTE_INDEXED,
  BPF_CODE.LDX_HEADER_LENGTH,
]);
const MEMORY_ACCESSES: ReadonlySet<number> = new Set([BPF_CODE.LD_MEMORY, BPF_CODE.LDX_MEMORY, BPF_CODE.ST, BPF_CODE.STX]);

function withOperands(codes: Readonly<Record<string, number>>): ReadonlySet<number> {
  return new Set(Object.values(codes).flatMap((code) => [code, code | BPF_X]));
}

/**
 * Checks a program.
 * @returns undefined when it can be run, else why not, in one line
 */
export function validateBpf(program: BpfProgram): string | undefined {
  if (program.length % BPF_WORDS !== 0) return `BPF program of ${program.length} words: not a multiple of ${BPF_WORDS}`;
  const count = program.length / BPF_WORDS;
  if (count === 0 || count > BPF_MAX_INSTRUCTIONS) {
    return `BPF program of ${count} instructions: 1 to ${BPF_MAX_INSTRUCTIONS} are possible`;
  }
  for (let number = 0; number < count; number++) {
    const wrong = refuse(program, number, count);
    if (wrong !== undefined) return `BPF instruction ${number}: ${wrong}`;
  }
  const last = program[(count - 1) * BPF_WORDS + BPF_WORD.CODE];
  return (last & 7) === BPF_CLASS.RET ? undefined : 'BPF program does not end with a return';
}

/** Why an instruction cannot be run. */
function refuse(program: BpfProgram, number: number, count: number): string | undefined {
  const at = number * BPF_WORDS;
  const code = program[at + BPF_WORD.CODE];
  const jumpTrue = program[at + BPF_WORD.JUMP_TRUE];
  const jumpFalse = program[at + BPF_WORD.JUMP_FALSE];
  const k = program[at + BPF_WORD.K];
  if (code > MAX_CODE || jumpTrue > MAX_JUMP || jumpFalse > MAX_JUMP) return 'a field is too large';
  // Instructions left behind this one; a jump skips fewer than these.
  const left = count - number - 1;
  if (CONDITIONAL_JUMPS.has(code)) {
    return jumpTrue < left && jumpFalse < left ? undefined : 'jumps out of the program';
  }
  if (ARITHMETIC.has(code)) {
    const divides = code === BPF_ALU.DIVIDE || code === BPF_ALU.MODULO;
    return divides && k === 0 ? 'divides by zero' : undefined;
  }
  if (!PLAIN_CODES.has(code)) return `unknown code 0x${code.toString(16)}`;
  if (code === BPF_CODE.JUMP && k >= left) return 'jumps out of the program';
  if (MEMORY_ACCESSES.has(code) && k >= BPF_MEMORY_WORDS) return `memory word ${k} of ${BPF_MEMORY_WORDS}`;
  if (FRAME_LOADS.has(code) && k >= EXTENSIONS) return 'asks for what only a live capture has';
  return undefined;
}
