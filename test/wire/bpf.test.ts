import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { compileBpf, validateBpf } from '../../src/wire/bpf.js';
import { interpretBpf } from '../support/bpf_interpreter.js';
import { SeededRandom } from '../support/random.js';
import { ReplayRig } from '../support/replay_run.js';
import { pcap } from '../support/savefile_builder.js';

const CORPUS = '/work/shared/conformance/corpus/pcaps';
const RETURN_ALL = [0x06, 0, 0, 0xffffffff];
const EXPRESSIONS = [
  'tcp port 80',
  'ip6 or arp',
  'tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420',
  'greater 200 and not udp',
  'portrange 1-1024 or host 10.0.0.1',
  'vlan and tcp',
  '(ip[2:2] - ((ip[0] & 0xf) << 2)) * 3 / 2 > 100',
  'len % 3 = 1 or (ip[8] ^ 0x40) = 0',
  'ip[ip[9] * 4:2] > 0x4000',
  'ip6 protochain 6',
];

function program(...instructions: readonly (readonly number[])[]): Uint32Array {
  return Uint32Array.from(instructions.flat());
}

/** Runs accumulator code on a frame; whether it ends with A not 0. */
function accepts(instructions: readonly (readonly number[])[], frame: readonly number[] = [1, 2, 3, 4], wireLength = 99): boolean {
  return compileBpf(program(...instructions, [0x16, 0, 0, 0]))(Uint8Array.from([0xee, ...frame, 0xee]), 1, frame.length, wireLength);
}

/** Whether the accumulator becomes `value`. */
function yields(instructions: readonly (readonly number[])[], value: number): boolean {
  return accepts([...instructions, [0x15, 1, 0, value], [0x06, 0, 0, 0], [0x00, 0, 0, 1]]);
}

/** tcpdump's program for an expression on a file; undefined where it does not compile for its link type. */
function compileWithTcpdump(path: string, expression: string): Uint32Array | undefined {
  try {
    const text = execFileSync('tcpdump', ['-r', path, '-ddd', expression], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    return Uint32Array.from(text.trim().split('\n').slice(1).flatMap((line) => line.split(' ').map(Number)));
  } catch {
    return undefined;
  }
}

describe('BPF', () => {
  it('calculates with unsigned 32-bit numbers', () => {
    const load = (value: number): number[] => [0x00, 0, 0, value];
    const operand = (value: number): number[] => [0x01, 0, 0, value];
    const cases: [number, number, number, number][] = [
      [0x04, 0xffffffff, 2, 1],
      [0x14, 1, 2, 0xffffffff],
      [0x24, 0x12345679, 0xfedcba99, Number((0x12345679n * 0xfedcba99n) & 0xffffffffn)],
      [0x34, 0xfffffffe, 0xffffffff, 0],
      [0x34, 0xffffffff, 2, 0x7fffffff],
      [0x94, 0xffffffff, 0x80000000, 0x7fffffff],
      [0x44, 0x80000000, 1, 0x80000001],
      [0x54, 0xf0000000, 0xff000000, 0xf0000000],
      [0xa4, 0xffffffff, 1, 0xfffffffe],
      [0x64, 3, 31, 0x80000000],
      [0x64, 3, 32, 0],
      [0x64, 3, 0xffffffff, 0],
      [0x74, 0x80000000, 31, 1],
      [0x74, 0x80000000, 32, 0],
    ];
    for (const [code, left, right, result] of cases) {
      assert.ok(yields([load(left), [code, 0, 0, right]], result), `0x${code.toString(16)} with k`);
      assert.ok(yields([load(left), operand(right), [code | 8, 0, 0, 0]], result), `0x${code.toString(16)} with X`);
    }
    assert.ok(yields([load(1), [0x84, 0, 0, 0]], 0xffffffff), 'negate');
  });

  it('turns a frame away that divides by zero', () => {
    for (const code of [0x3c, 0x9c]) {
      assert.equal(compileBpf(program([0x00, 0, 0, 1], [code, 0, 0, 0], RETURN_ALL))(new Uint8Array(4), 0, 4, 4), false);
    }
  });

  it('loads to the last captured byte and turns away what reaches beyond', () => {
    for (const [code, size] of [[0x20, 4], [0x28, 2], [0x30, 1]]) {
      for (const indexed of [false, true]) {
        for (let k = 0; k < 6; k++) {
          const instructions = indexed ? [[0x01, 0, 0, k], [code + 0x20, 0, 0, 0]] : [[code, 0, 0, k]];
          assert.equal(accepts(instructions), k + size <= 4, `load of ${size} at ${k}`);
        }
      }
    }
    assert.ok(yields([[0x20, 0, 0, 0]], 0x01020304));
    assert.equal(accepts([[0x01, 0, 0, 0xffffffff], [0x50, 0, 0, 1]]), false, 'an index does not wrap');
    assert.ok(yields([[0xb1, 0, 0, 3], [0x87, 0, 0, 0]], 16));
    assert.equal(accepts([[0xb1, 0, 0, 4], [0x00, 0, 0, 1]]), false);
    assert.ok(yields([[0x80, 0, 0, 0]], 99), 'len is the length on the wire');
  });

  it('refuses programs that do not end, leave their memory or ask for more than the frame', () => {
    const cases: [Uint32Array, RegExp][] = [
      [new Uint32Array(0), /0 instructions/],
      [new Uint32Array(3), /not a multiple/],
      [new Uint32Array(4097 * 4), /4097 instructions/],
      [program([0x00, 0, 0, 1]), /end with a return/],
      [program([0x05, 0, 0, 1], RETURN_ALL), /instruction 0: jumps out/],
      [program([0x05, 0, 0, 0xffffffff], RETURN_ALL), /jumps out/],
      [program([0x15, 1, 0, 0], RETURN_ALL), /jumps out/],
      [program([0x15, 0, 1, 0], RETURN_ALL), /jumps out/],
      [program([0x15, 0, 0, 0]), /jumps out/],
      [program([0x15, 256, 0, 0], RETURN_ALL), /field is too large/],
      [program([0x10006, 0, 0, 0]), /field is too large/],
      [program([0x34, 0, 0, 0], RETURN_ALL), /divides by zero/],
      [program([0x94, 0, 0, 0], RETURN_ALL), /divides by zero/],
      [program([0x60, 0, 0, 16], RETURN_ALL), /memory word 16/],
      [program([0x02, 0, 0, 16], RETURN_ALL), /memory word 16/],
      [program([0x28, 0, 0, 0xfffff000], RETURN_ALL), /only a live capture/],
      [program([0xff, 0, 0, 0], RETURN_ALL), /unknown code 0xff/],
    ];
    for (const [bad, reason] of cases) {
      assert.match(validateBpf(bad) ?? '', reason);
      assert.throws(() => compileBpf(bad), RangeError);
    }
    assert.equal(validateBpf(program(RETURN_ALL)), undefined);
  });

  it('runs the longest program there can be, every instruction a jump target', () => {
    const half = 2047;
    const jumps = Array.from({ length: half }, () => [0x15, 0, 0, 0]).map((_, index) => [0x05, 0, 0, index === 0 ? half - 1 : half]);
    const adds = Array.from({ length: half }, () => [0x04, 0, 0, 1]);
    const filter = compileBpf(program(...jumps, ...adds, [0x04, 0, 0, 0], [0x16, 0, 0, 0]));
    assert.equal(filter(new Uint8Array(1), 0, 1, 1), true);
  });

  it('does on random programs what an interpreter does', () => {
    const random = new SeededRandom(3);
    const codes = [
      0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x84, 0x05, 0x06, 0x16, 0x07, 0x87,
      0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x94, 0x9c, 0xa4, 0xac,
      0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,
    ];
    let accepted = 0;
    for (let round = 0; round < 3000; round++) {
      const length = 4 + random.below(30);
      const words: number[] = [];
      for (let number = 0; number < length - 1; number++) {
        let code = codes[random.below(codes.length)];
        const left = length - number - 1;
        // Returns in the middle would end most runs early.
        if ((code & 7) === 6 && random.below(4) > 0) code = 0x04;
        const small = code === 0x05 ? random.below(left) : random.below(16);
        const k = (code & 7) === 4 && random.below(2) === 0 ? random.next() || 1 : code === 0x05 ? small : small || 1;
        words.push(code, random.below(Math.min(left, 256)), random.below(Math.min(left, 256)), k);
      }
      const bpf = Uint32Array.from([...words, 0x16, 0, 0, 0]);
      assert.equal(validateBpf(bpf), undefined);
      const filter = compileBpf(bpf);
      for (let frame = 0; frame < 6; frame++) {
        const bytes = Uint8Array.from({ length: 40 }, () => (random.below(3) === 0 ? random.below(256) : random.below(8)));
        const captured = random.below(37);
        const expected = interpretBpf(bpf, bytes.subarray(3, 3 + captured), 60);
        assert.equal(filter(bytes, 3, captured, 60), expected, `round ${round}`);
        if (expected) accepted++;
      }
    }
    assert.ok(accepted > 3000 && accepted < 15_000, `${accepted} of 18000 accepted`);
  });

  it('chooses the frames that libpcap chooses', async function () {
    this.timeout(180_000);
    const rig = new ReplayRig(1 << 18, 4096, 64);
    const files = existsSync(CORPUS)
      ? readdirSync(CORPUS).filter((name) => /^(zeek-(methods|mixed|connect-null|gre|ipv6|261-obs|payload|zero)|derived-(qinq|sll2|ipv6|tunnels)|suri-ppp)/.test(name)).map((name) => join(CORPUS, name))
      : [];
    const frame = Uint8Array.from({ length: 60 }, (_, index) => [0x08, 0x00, 0x45][index - 12] ?? 6);
    files.push(rig.file('own', pcap({}, [{ seconds: 1, fraction: 0, data: frame }])));
    let compared = 0;
    let chosen = 0;
    for (const path of files) {
      const { frames } = await rig.run([path]);
      for (const expression of EXPRESSIONS) {
        const bpf = compileWithTcpdump(path, expression);
        // `ip6 protochain` jumps backwards, which the kernel refuses as well.
        if (bpf === undefined || validateBpf(bpf) !== undefined) continue;
        const filter = compileBpf(bpf);
        const ours = frames.filter(({ data, wireLength }) => filter(data, 0, data.length, wireLength)).map(({ data }) => data.toString('hex'));
        const theirs = execFileSync('tcpdump', ['-r', path, '-w', '-', expression], { stdio: ['ignore', 'pipe', 'ignore'] });
        const expected = (await rig.bytes(theirs)).frames.map(({ data }) => data.toString('hex'));
        assert.deepEqual(ours, expected, `${path}: ${expression}`);
        compared++;
        chosen += ours.length;
      }
    }
    assert.ok(compared >= files.length * 7, `${compared} comparisons`);
    assert.ok(files.length === 1 || chosen > 1000, `${chosen} frames chosen`);
    rig.close();
  });
});
