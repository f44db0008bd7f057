// What a classic BPF program is (struct bpf_insn of pcap/bpf.h, struct sock_filter of linux/filter.h).

/**
 * BPF_WORDS words an instruction, in the order of struct bpf_insn: code (16 bits), jt and jf (8 bits: instructions to skip when
 * a conditional jump holds or not), k (32 bits). The text form of `tcpdump -ddd`, without its first line, is these numbers.
 */
export type BpfProgram = Uint32Array;

export const BPF_WORD = { CODE: 0, JUMP_TRUE: 1, JUMP_FALSE: 2, K: 3 } as const;
export const BPF_WORDS = 4;

/** BPF_MAXINSNS of linux/filter.h */
export const BPF_MAX_INSTRUCTIONS = 4096;
/** BPF_MEMWORDS */
export const BPF_MEMORY_WORDS = 16;

/** The three low bits of a code: what kind of instruction it is. */
export const BPF_CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, RET: 6, MISC: 7 } as const;

/** Codes that stand alone. Those of ALU and JMP are class, operation and BPF_X or not. */
export const BPF_CODE = {
  LD_WORD: 0x20,
  LD_HALF: 0x28,
  LD_BYTE: 0x30,
  LD_WORD_INDEXED: 0x40,
  LD_HALF_INDEXED: 0x48,
  LD_BYTE_INDEXED: 0x50,
  LD_IMMEDIATE: 0x00,
  LD_MEMORY: 0x60,
  LD_LENGTH: 0x80,
  LDX_IMMEDIATE: 0x01,
  LDX_MEMORY: 0x61,
  LDX_LENGTH: 0x81,
  /** X = 4 * (byte & 15): the length of an IPv4 header */
  LDX_HEADER_LENGTH: 0xb1,
  ST: 0x02,
  STX: 0x03,
  NEGATE: 0x84,
  JUMP: 0x05,
  RETURN_K: 0x06,
  RETURN_A: 0x16,
  TAX: 0x07,
  TXA: 0x87,
} as const;

/** In ALU and JMP codes: the operand is X, not k. */
export const BPF_X = 0x08;

/** ALU operations with an operand, class included. */
export const BPF_ALU = {
  ADD: 0x04,
  SUBTRACT: 0x14,
  MULTIPLY: 0x24,
  DIVIDE: 0x34,
  OR: 0x44,
  AND: 0x54,
  SHIFT_LEFT: 0x64,
  SHIFT_RIGHT: 0x74,
  MODULO: 0x94,
  XOR: 0xa4,
} as const;

/** Conditional jumps, class included. */
export const BPF_JUMP = { EQUAL: 0x15, GREATER: 0x25, NOT_LESS: 0x35, ANY_BIT: 0x45 } as const;
