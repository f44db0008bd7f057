import assert from 'node:assert/strict';
import { compileForReplay } from '../../src/capture/compile.js';
import { portFilter } from '../../src/capture/filter.js';
import { SourceError } from '../../src/capture/source.js';
import type { PortRange } from '../../src/config/settings.js';
import { compileBpf } from '../../src/wire/bpf.js';
import { BPF_MAX_INSTRUCTIONS, BPF_WORDS } from '../../src/wire/bpf_program.js';
import { LINK_TYPES } from '../../src/wire/layers.js';
import { ethernet, extension, ipv4, ipv6, tcp } from '../live/libpcap_frames.js';

const one = (port: number): PortRange => ({ first: port, last: port });
const payload = new Uint8Array(10);

function passes(ports: readonly PortRange[], linkType: number, frame: Uint8Array): boolean {
  const filter = compileBpf(compileForReplay(portFilter(ports, linkType), linkType, 65535));
  return filter(frame, 0, frame.length, frame.length);
}

describe('the filter built from the ports', () => {
  it('is none for NFLOG, of which libpcap filters nothing', () => {
    assert.equal(portFilter([one(80)], 239), '');
    assert.throws(() => compileForReplay('tcp port 80', 239, 65535), /NFLOG/);
  });

  for (const linkType of LINK_TYPES.filter((candidate) => candidate !== 239)) {
    it(`compiles for link type ${linkType}`, () => {
      const program = compileForReplay(portFilter([one(80), { first: 8000, last: 8100 }], linkType), linkType, 65535);
      assert.ok(program.length > 4 * BPF_WORDS);
    });
  }

  it('finds the ports behind raw IP', () => {
    for (const [port, expected] of [[80, true], [81, false]] as const) {
      assert.equal(passes([one(80)], 101, ipv4(6, tcp(9, port, payload))), expected);
      assert.equal(passes([one(80)], 101, ipv6(6, tcp(port, 9, payload))), expected);
    }
    assert.equal(passes([one(80)], 101, ipv6(0, extension(6, tcp(80, 9, payload)))), true);
    assert.equal(passes([one(80)], 101, ipv6(0, extension(58, tcp(80, 9, payload)))), false);
  });

  it('finds the ports behind cooked headers', () => {
    const cooked = (type: number, packet: Uint8Array): Uint8Array => Uint8Array.of(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 1, 1, 0, 0, type >> 8, type & 255, ...packet);
    assert.equal(passes([one(80)], 113, cooked(0x0800, ipv4(6, tcp(9, 80, payload)))), true);
    assert.equal(passes([one(80)], 113, cooked(0x86dd, ipv6(6, tcp(9, 80, payload)))), true);
    assert.equal(passes([one(80)], 113, cooked(0x0800, ipv4(6, tcp(9, 81, payload)))), false);
  });

  it('joins ranges that touch or overlap', () => {
    const joined = portFilter([{ first: 90, last: 100 }, one(80), one(81), { first: 79, last: 80 }, { first: 95, last: 97 }], 101);
    assert.match(joined, /^\(tcp portrange 79-81 or tcp portrange 90-100 or /);
  });

  it('lets more through rather than nothing when there are too many ports', () => {
    const every = Array.from({ length: 3000 }, (_, index) => one(1000 + index * 2));
    const program = compileForReplay(portFilter(every, 1), 1, 65535);
    assert.ok(program.length / BPF_WORDS < BPF_MAX_INSTRUCTIONS);
    assert.equal(passes(every, 1, ethernet([0x0800], ipv4(6, tcp(9, 1001, payload)))), true);
    assert.equal(passes(every, 1, ethernet([0x0800], ipv4(6, tcp(9, 999, payload)))), false);
  });

  it('fits the kernel with as many ports as it takes one by one', () => {
    const many = Array.from({ length: 64 }, (_, index) => one(1000 + index * 2));
    assert.ok(compileForReplay(portFilter(many, 1), 1, 65535).length / BPF_WORDS < BPF_MAX_INSTRUCTIONS / 2);
    assert.equal(passes(many, 1, ethernet([0x8100, 7, 0x0800], ipv4(6, tcp(9, 1126, payload)))), true);
    assert.equal(passes(many, 1, ethernet([0x8100, 7, 0x0800], ipv4(6, tcp(9, 1127, payload)))), false);
  });
});

describe('compiling for replay', () => {
  it('gives the numbers of tcpdump -ddd', () => {
    assert.deepEqual([...compileForReplay('ip', 1, 262144)], [40, 0, 0, 12, 21, 0, 1, 2048, 6, 0, 0, 262144, 6, 0, 0, 0]);
  });

  it('takes LINKTYPE_ numbers', () => {
    assert.deepEqual(compileForReplay('tcp', 101, 100), compileForReplay('tcp', 12, 100));
    assert.deepEqual(compileForReplay('tcp', 14, 100), compileForReplay('tcp', 12, 100));
  });

  it('quotes libpcap on a mistake', () => {
    assert.throws(() => compileForReplay('tcp prt 80', 1, 100), (error) =>
      error instanceof SourceError && /^-f: the filter "tcp prt 80" does not compile: .*syntax error/.test(error.message));
  });

  it('refuses what a link type cannot have', () => {
    assert.throws(() => compileForReplay('vlan 7', 101, 100), /no VLAN support/);
  });
});
