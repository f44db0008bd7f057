// -f on replay: libpcap's compiler turns an expression into a BPF program for frames of a savefile. It is shown the header of
// one, because for savefiles it compiles differently: they may come from another system with its own address families.

import { LITTLE_ENDIAN, closeStream, openMemoryStream } from '../host/libc.js';
import { BPF_WORD, BPF_WORDS, type BpfProgram } from '../wire/bpf_program.js';
import { ERROR_BYTES, NETMASK_UNKNOWN, PROGRAM_BYTES, libpcap, programInstructions } from './libpcap.js';
import { FilterSyntaxError } from './source.js';

const INSTRUCTION_BYTES = 8;
// struct bpf_insn (pcap/bpf.h)
const CODE = 0;
const JUMP_TRUE = 2;
const JUMP_FALSE = 3;
const CONSTANT = 4;

const SAVEFILE_HEADER_BYTES = 24;
const MAGIC = 0xa1b2c3d4;
/** Raw IP under the numbers of old systems, which libpcap takes for other things or for nothing. */
const RAW_IP = [12, 14];
const LINKTYPE_RAW = 101;

/**
 * @param linkType LINKTYPE_ number of the frames
 * @param snaplen what the program answers for a frame that passes; at least 1
 * @param swapped the frames were captured in the other byte order (which only BSD loopback headers show)
 * @throws FilterSyntaxError with libpcap's words when the expression does not compile for this link type; SourceError without libpcap
 */
export function compileForReplay(expression: string, linkType: number, snaplen: number, swapped = false): BpfProgram {
  const pcap = libpcap();
  const header = savefileHeader(linkType, snaplen, swapped);
  const stream = openMemoryStream(header, header.length, 'r');
  const error = new Uint8Array(ERROR_BYTES);
  const handle = stream === null ? null : pcap.fopenOffline(stream, error);
  if (handle === null) {
    if (stream !== null) closeStream(stream);
    throw new FilterSyntaxError(`-f: libpcap does not know link type ${linkType}`);
  }
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

/** Magic, version 2.4, zone and accuracy (0), snaplen, link type. */
function savefileHeader(linkType: number, snaplen: number, swapped: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(SAVEFILE_HEADER_BYTES));
  const littleEndian = LITTLE_ENDIAN !== swapped;
  view.setUint32(0, MAGIC, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(16, snaplen, littleEndian);
  view.setUint32(20, RAW_IP.includes(linkType) ? LINKTYPE_RAW : linkType, littleEndian);
  return new Uint8Array(view.buffer);
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
