// Classic BPF: any words are refused or run, and what runs says what an interpreter says.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileBpf, validateBpf } from '../../src/wire/bpf.js';
import { BPF_ALU, BPF_CODE, BPF_JUMP } from '../../src/wire/bpf_program.js';
import { interpretBpf } from '../support/bpf_interpreter.js';

const CODES = [...Object.values(BPF_CODE), ...Object.values(BPF_ALU), ...Object.values(BPF_ALU).map((code) => code | 8),
  ...Object.values(BPF_JUMP), ...Object.values(BPF_JUMP).map((code) => code | 8)];
const WIRE_LENGTH = 1514;

const constant = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 31, 32, 255), fc.integer({ min: 0, max: 0xffffffff }));
const instruction = fc.tuple(fc.constantFrom(...CODES), fc.nat(6), fc.nat(6), constant);
const ending = fc.constantFrom([0x16, 0, 0, 0], [0x06, 0, 0, 1], [0x06, 0, 0, 0]);
const programs = fc.tuple(fc.array(instruction, { maxLength: 25 }), ending).map(([list, last]) => Uint32Array.from([...list, last].flat()));

function agrees(program: Uint32Array, frame: Uint8Array): void {
  const around = new Uint8Array(frame.length + 20).fill(0xee);
  around.set(frame, 10);
  assert.equal(compileBpf(program)(around, 10, frame.length, WIRE_LENGTH), interpretBpf(program, frame, WIRE_LENGTH));
}

describe('property: BPF', () => {
  it('a program that is taken does what the interpreter does', () => {
    let taken = 0;
    fc.assert(fc.property(programs, fc.uint8Array({ maxLength: 40 }), (program, frame) => {
      if (validateBpf(program) !== undefined) return;
      taken++;
      agrees(program, frame);
    }), { numRuns: 2000 });
    assert.ok(taken > 100, `${taken} of 2000 programs could be run`);
  });

  it('any words are refused with a reason, or run', () => {
    const words = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.nat(255));
    fc.assert(fc.property(fc.array(words, { maxLength: 40 }), (list) => {
      const program = Uint32Array.from(list);
      const refusal = validateBpf(program);
      if (refusal === undefined) agrees(program, new Uint8Array(20));
      else assert.throws(() => compileBpf(program), (error) => error instanceof RangeError && !error.message.includes('\n'));
    }));
  });
});
