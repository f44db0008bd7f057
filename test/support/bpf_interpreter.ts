// Classic BPF, one instruction after the other, with BigInt: slow and plain, to compare the compiled form with.

const WORD = 0xffffffffn;

/** Whether `frame` passes; the program is valid. */
export function interpretBpf(program: Uint32Array, frame: Uint8Array, wireLength: number): boolean {
  const memory = new Array<bigint>(16).fill(0n);
  let a = 0n;
  let x = 0n;
  for (let number = 0; ; number++) {
    const [code, jumpTrue, jumpFalse, constant] = program.subarray(number * 4, number * 4 + 4);
    const k = BigInt(constant);
    const operand = (code & 8) === 0 ? k : x;
    switch (code & 7) {
      case 0:
      case 1: {
        const value = load(code, k, x, frame, wireLength, memory);
        if (value === undefined) return false;
        if ((code & 7) === 0) a = value;
        else x = value;
        break;
      }
      case 2:
        memory[constant] = a;
        break;
      case 3:
        memory[constant] = x;
        break;
      case 4: {
        const value = calculate(code & 0xf0, a, operand);
        if (value === undefined) return false;
        a = value & WORD;
        break;
      }
      case 5: {
        if (code === 5) {
          number += constant;
          break;
        }
        const holds = { 0x10: a === operand, 0x20: a > operand, 0x30: a >= operand, 0x40: (a & operand) !== 0n }[code & 0xf0];
        number += holds === true ? jumpTrue : jumpFalse;
        break;
      }
      case 6:
        return (code === 0x16 ? a : k) !== 0n;
      default:
        if (code === 0x07) x = a;
        else a = x;
    }
  }
}

function load(code: number, k: bigint, x: bigint, frame: Uint8Array, wireLength: number, memory: readonly bigint[]): bigint | undefined {
  const mode = code & 0xe0;
  if (mode === 0x00) return k;
  if (mode === 0x60) return memory[Number(k)];
  if (mode === 0x80) return BigInt(wireLength);
  if (mode === 0xa0) return k < frame.length ? BigInt(frame[Number(k)] & 15) * 4n : undefined;
  const at = mode === 0x40 ? x + k : k;
  const size = { 0x00: 4, 0x08: 2, 0x10: 1 }[code & 0x18] as number;
  if (at + BigInt(size) > frame.length) return undefined;
  let value = 0n;
  for (let byte = 0; byte < size; byte++) value = (value << 8n) | BigInt(frame[Number(at) + byte]);
  return value;
}

function calculate(operation: number, a: bigint, operand: bigint): bigint | undefined {
  switch (operation) {
    case 0x00:
      return a + operand;
    case 0x10:
      return a - operand;
    case 0x20:
      return a * operand;
    case 0x30:
      return operand === 0n ? undefined : a / operand;
    case 0x40:
      return a | operand;
    case 0x50:
      return a & operand;
    case 0x60:
      return operand > 31n ? 0n : a << operand;
    case 0x70:
      return operand > 31n ? 0n : a >> operand;
    case 0x80:
      return -a;
    case 0x90:
      return operand === 0n ? undefined : a % operand;
    default:
      return a ^ operand;
  }
}
