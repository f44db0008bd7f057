// Classic BPF for replay: libpcap compiles an expression to a program, this turns the program into a JavaScript function, which
// the engine compiles to machine code. Semantics as bpf(4), Linux net/core/filter.c and libpcap's bpf_filter().
//
// Jumps go forward only, so each becomes a break out of a labelled block, one block a target:
//
//   0 ldh [12]                    T3: { T2: { a = half at 12
//   1 jeq #0x800, 2, 3                        if (a === 2048) break T2; else break T3; }
//   2 …                                 … }
//   3 …                           …
//
// A jump to `ret #k` is the return itself, which leaves few blocks in what libpcap makes.

import { BPF_ALU, BPF_CODE, BPF_JUMP, BPF_MEMORY_WORDS, BPF_WORD, BPF_WORDS, BPF_X, type BpfProgram } from './bpf_program.js';
import { validateBpf } from './bpf_validate.js';

export type { BpfProgram } from './bpf_program.js';
export { validateBpf } from './bpf_validate.js';

/**
 * Whether a frame passes.
 * @param bytes holds the frame
 * @param offset its first byte in `bytes`
 * @param length captured bytes: a load beyond them turns the frame away
 * @param wireLength bytes on the wire: what `len` of an expression is
 */
export type BpfFilter = (bytes: Uint8Array, offset: number, length: number, wireLength: number) => boolean;

/**
 * Makes a function of a program. Its source is built from numbers only, all of them checked by validateBpf().
 * @throws RangeError for a program that validateBpf() refuses
 */
export function compileBpf(program: BpfProgram): BpfFilter {
  const refusal = validateBpf(program);
  if (refusal !== undefined) throw new RangeError(refusal);
  return new Function('bytes', 'offset', 'length', 'wireLength', functionBody(program)) as BpfFilter;
}

/** Registers are unsigned 32-bit numbers in doubles; every statement leaves them so. */
function functionBody(program: BpfProgram): string {
  const targets = jumpTargets(program);
  const memory = Array.from({ length: BPF_MEMORY_WORDS }, (_, word) => `m${word} = 0`);
  const lines = ["'use strict';", `let a = 0, x = 0, at = 0, ${memory.join(', ')};`];
  for (const target of targets.toReversed()) lines.push(`T${target}: {`);
  let next = 0;
  for (let number = 0; number * BPF_WORDS < program.length; number++) {
    if (targets[next] === number) {
      lines.push('}');
      next++;
    }
    lines.push(statement(program, number));
  }
  return lines.join('\n');
}

/** The instructions that need a label, ascending. */
function jumpTargets(program: BpfProgram): number[] {
  const targets = new Set<number>();
  for (let number = 0; number * BPF_WORDS < program.length; number++) {
    for (const target of successors(program, number)) {
      if (target !== number + 1 && !isConstantReturn(program, target)) targets.add(target);
    }
  }
  return [...targets].sort((left, right) => left - right);
}

/** Where a jump goes; nothing for other instructions. */
function successors(program: BpfProgram, number: number): number[] {
  const at = number * BPF_WORDS;
  const code = program[at + BPF_WORD.CODE];
  if (code === BPF_CODE.JUMP) return [number + 1 + program[at + BPF_WORD.K]];
  if ((code & 7) !== (BPF_CODE.JUMP & 7)) return [];
  return [number + 1 + program[at + BPF_WORD.JUMP_TRUE], number + 1 + program[at + BPF_WORD.JUMP_FALSE]];
}

function isConstantReturn(program: BpfProgram, number: number): boolean {
  return program[number * BPF_WORDS + BPF_WORD.CODE] === BPF_CODE.RETURN_K;
}

/** A jump from instruction `number`; '' where it is the way on. */
function jump(program: BpfProgram, number: number, target: number): string {
  if (isConstantReturn(program, target)) return statement(program, target);
  return target === number + 1 ? '' : `break T${target};`;
}

/** JavaScript of one instruction. */
function statement(program: BpfProgram, number: number): string {
  const at = number * BPF_WORDS;
  const code = program[at + BPF_WORD.CODE];
  const k = program[at + BPF_WORD.K];
  switch (code) {
    case BPF_CODE.LD_WORD:
    case BPF_CODE.LD_HALF:
    case BPF_CODE.LD_BYTE:
      return load(`${k}`, sizeOf(code));
    case BPF_CODE.LD_WORD_INDEXED:
    case BPF_CODE.LD_HALF_INDEXED:
    case BPF_CODE.LD_BYTE_INDEXED:
      // No wrap at 2^32: an index that large is beyond any frame.
      return load(`x + ${k}`, sizeOf(code));
    case BPF_CODE.LD_IMMEDIATE:
      return `a = ${k};`;
    case BPF_CODE.LD_MEMORY:
      return `a = m${k};`;
    case BPF_CODE.LD_LENGTH:
      return 'a = wireLength;';
    case BPF_CODE.LDX_IMMEDIATE:
      return `x = ${k};`;
    case BPF_CODE.LDX_MEMORY:
      return `x = m${k};`;
    case BPF_CODE.LDX_LENGTH:
      return 'x = wireLength;';
    case BPF_CODE.LDX_HEADER_LENGTH:
      return `if (length < ${k + 1}) return false; x = (bytes[offset + ${k}] & 15) << 2;`;
    case BPF_CODE.ST:
      return `m${k} = a;`;
    case BPF_CODE.STX:
      return `m${k} = x;`;
    case BPF_CODE.TAX:
      return 'x = a;';
    case BPF_CODE.TXA:
      return 'a = x;';
    case BPF_CODE.NEGATE:
      return 'a = -a >>> 0;';
    case BPF_CODE.RETURN_K:
      return `return ${k !== 0};`;
    case BPF_CODE.RETURN_A:
      return 'return a !== 0;';
    case BPF_CODE.JUMP:
      return jump(program, number, successors(program, number)[0]);
    default: {
      const operand = (code & BPF_X) !== 0 ? 'x' : `${k}`;
      const condition = comparison(code & ~BPF_X, operand);
      if (condition === undefined) return arithmetic(code & ~BPF_X, operand);
      const [onTrue, onFalse] = successors(program, number);
      return `if (${condition}) { ${jump(program, number, onTrue)} } else { ${jump(program, number, onFalse)} }`;
    }
  }
}

function sizeOf(code: number): number {
  return { 0x00: 4, 0x08: 2, 0x10: 1 }[code & 0x18] ?? 4;
}

/** @param index where in the frame, as an expression */
function load(index: string, size: number): string {
  const byte = (number: number): string => `bytes[at + ${number}]`;
  const value = {
    1: byte(0),
    2: `${byte(0)} << 8 | ${byte(1)}`,
    4: `(${byte(0)} << 24 | ${byte(1)} << 16 | ${byte(2)} << 8 | ${byte(3)}) >>> 0`,
  }[size];
  return `at = ${index}; if (length < at + ${size}) return false; at += offset; a = ${value};`;
}

/** A jump's condition; undefined for a code that is no jump. */
function comparison(code: number, operand: string): string | undefined {
  switch (code) {
    case BPF_JUMP.EQUAL:
      return `a === ${operand}`;
    case BPF_JUMP.GREATER:
      return `a > ${operand}`;
    case BPF_JUMP.NOT_LESS:
      return `a >= ${operand}`;
    case BPF_JUMP.ANY_BIT:
      return `(a & ${operand}) !== 0`;
    default:
      return undefined;
  }
}

function arithmetic(code: number, operand: string): string {
  switch (code) {
    case BPF_ALU.ADD:
      return `a = a + ${operand} >>> 0;`;
    case BPF_ALU.SUBTRACT:
      return `a = a - ${operand} >>> 0;`;
    case BPF_ALU.MULTIPLY:
      return `a = Math.imul(a, ${operand}) >>> 0;`;
    case BPF_ALU.DIVIDE:
      return `if (${operand} === 0) return false; a = a / ${operand} >>> 0;`;
    case BPF_ALU.MODULO:
      return `if (${operand} === 0) return false; a = a % ${operand};`;
    case BPF_ALU.OR:
      return `a = (a | ${operand}) >>> 0;`;
    case BPF_ALU.AND:
      return `a = (a & ${operand}) >>> 0;`;
    case BPF_ALU.XOR:
      return `a = (a ^ ${operand}) >>> 0;`;
    case BPF_ALU.SHIFT_LEFT:
      return `a = ${operand} > 31 ? 0 : a << ${operand} >>> 0;`;
    default:
      // SHIFT_RIGHT: validateBpf() lets nothing else come here.
      return `a = ${operand} > 31 ? 0 : a >>> ${operand};`;
  }
}
