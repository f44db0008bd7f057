// -f on replay: libpcap's compiler turns an expression into a BPF program for frames of a savefile.

import { LITTLE_ENDIAN } from '../host/libc.js';
import { BPF_WORD, BPF_WORDS, type BpfProgram } from '../wire/bpf_program.js';
import { NETMASK_UNKNOWN, PROGRAM_BYTES, libpcap, programInstructions } from './libpcap.js';
import { linkTypeToDlt } from './link_types.js';
import { FilterSyntaxError, SourceError } from './source.js';

const INSTRUCTION_BYTES = 8;
// struct bpf_insn (pcap/bpf.h)
const CODE = 0;
const JUMP_TRUE = 2;
const JUMP_FALSE = 3;
const CONSTANT = 4;

/**
 * @param linkType LINKTYPE_ number of the frames
 * @param snaplen what the program answers for a frame that passes; at least 1
 * @throws FilterSyntaxError with libpcap's words when the expression does not compile for this link type; SourceError without libpcap
 */
export function compileForReplay(expression: string, linkType: number, snaplen: number): BpfProgram {
  const pcap = libpcap();
  const handle = pcap.openDead(linkTypeToDlt(linkType), snaplen);
  if (handle === null) throw new SourceError('-f: libpcap has no memory for its compiler');
  try {
    const program = new Uint8Array(PROGRAM_BYTES);
    if (pcap.compile(handle, program, expression, 1, NETMASK_UNKNOWN) < 0) {
      throw new FilterSyntaxError(`-f: the filter "${expression}" does not compile: ${pcap.getErr(handle).trim()}`);
    }
    const words = decode(programInstructions(program));
    pcap.freeCode(program);
    return words;
  } finally {
    pcap.close(handle);
  }
}

function decode(instructions: Uint8Array): BpfProgram {
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.length);
  const program = new Uint32Array((instructions.length / INSTRUCTION_BYTES) * BPF_WORDS);
  for (let from = 0, to = 0; from < instructions.length; from += INSTRUCTION_BYTES, to += BPF_WORDS) {
    program[to + BPF_WORD.CODE] = view.getUint16(from + CODE, LITTLE_ENDIAN);
    program[to + BPF_WORD.JUMP_TRUE] = view.getUint8(from + JUMP_TRUE);
    program[to + BPF_WORD.JUMP_FALSE] = view.getUint8(from + JUMP_FALSE);
    program[to + BPF_WORD.K] = view.getUint32(from + CONSTANT, LITTLE_ENDIAN);
  }
  return program;
}
