import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { UNKNOWN_LINK_TYPE } from '../../src/ring/link_table.js';
import { ReplayRig } from '../support/replay_run.js';
import {
  block, concat, interfaceBlock, oldPacketBlock, option, packetBlock, pattern, sectionBlock, simplePacketBlock, u32,
} from '../support/savefile_builder.js';

const CORPUS = '/work/shared/conformance/corpus/pcaps';
const TICKS = 1_567_339_011_002_345n;

/** One of everything. */
function everything(little: boolean): Uint8Array[] {
  return [
    sectionBlock(little),
    interfaceBlock(little, { name: 'eth0' }),
    packetBlock(little, 0, TICKS, pattern(61, 1), 1514, option(little, 1, pattern(7, 65))),
    block(little, 5, pattern(40, 9)),
    oldPacketBlock(little, 0, TICKS + 1n, pattern(30, 2)),
    simplePacketBlock(little, 22, pattern(22, 3)),
    packetBlock(little, 0, TICKS + 2n, pattern(0, 4)),
  ];
}

describe('pcapng files', function () {
  this.timeout(180_000);
  const rig = new ReplayRig(512);
  after(() => rig.close());

  for (const little of [true, false]) {
    it(`reads every packet block, ${little ? 'little' : 'big'}-endian`, async () => {
      const run = await rig.bytes(concat(...everything(little)));
      assert.deepEqual(run.failures.concat(run.warnings), []);
      assert.deepEqual(
        run.frames.map(({ number, seconds, nanoseconds, wireLength, iface, data }) => [number, seconds, nanoseconds, wireLength, iface, data[0]]),
        [
          [1, 1_567_339_011, 2_345_000, 1514, 'eth0', 1],
          [2, 1_567_339_011, 2_346_000, 30, 'eth0', 2],
          [3, 0, 0, 22, 'eth0', 3],
          [4, 1_567_339_011, 2_347_000, 0, 'eth0', undefined],
        ],
      );
      assert.deepEqual(run.frames.map(({ data }) => data.length), [61, 30, 22, 0]);
    });
  }

  it('takes the last of an interface\'s names, up to a NUL, and none as none', async () => {
    const named = (...names: readonly string[]): Uint8Array => block(true, 1, concat(
      u32(true, 1, 0), ...names.map((name) => option(true, 2, new TextEncoder().encode(name))),
    ));
    const interfaces = [named('eth0', 'eth1'), named('full'), named('wlan0\0 and more'), named('eth0', ''), named('\0'), named()];
    const run = await rig.bytes(concat(
      sectionBlock(true), ...interfaces, ...interfaces.map((_, number) => packetBlock(true, number, TICKS, pattern(4, 1))),
    ));
    assert.deepEqual(run.frames.map(({ iface }) => iface), ['eth1', 'full', 'wlan0', '', '', '']);
  });

  it('gives every whole packet of a file cut anywhere', async () => {
    const blocks = everything(true);
    const whole = concat(...blocks);
    const ends = blocks.map((_, index) => blocks.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0));
    const packetEnds = [2, 4, 5, 6].map((index) => ends[index]);
    for (let length = 1; length <= whole.length; length++) {
      const run = await rig.bytes(whole.subarray(0, length));
      assert.equal(run.frames.length, packetEnds.filter((end) => end <= length).length, `${length} bytes`);
      if (length < 28) assert.equal(run.failures.length, 1, `${length} bytes`);
      else assert.deepEqual([run.failures.length, run.warnings.length], [0, ends.includes(length) ? 0 : 1], `${length} bytes`);
    }
  });

  it('carries a block over the end of a slot at every offset', async () => {
    const small = new ReplayRig(128, 64);
    for (let length = 0; length <= 96; length++) {
      const datas = [length, 40, 0, 96, 17].map((size, index) => pattern(size, index * 50));
      const run = await small.bytes(concat(
        sectionBlock(false), interfaceBlock(false), ...datas.map((data, index) => packetBlock(false, 0, BigInt(index), data)),
      ));
      assert.deepEqual(run.failures.concat(run.warnings), []);
      assert.deepEqual(run.frames.map(({ data }) => data.toString('hex')), datas.map((data) => Buffer.from(data).toString('hex')));
    }
    small.close();
  });

  it('gives each section its byte order and its interfaces', async () => {
    const run = await rig.bytes(concat(
      sectionBlock(true), interfaceBlock(true, { name: 'a' }), interfaceBlock(true, { name: 'b', linkType: 101, resolution: 9 }),
      packetBlock(true, 1, 5_000_000_001n, pattern(4, 1)),
      sectionBlock(false), interfaceBlock(false, { name: 'c', linkType: 113 }),
      packetBlock(false, 0, 7_000_001n, pattern(4, 2)), packetBlock(false, 1, 7_000_002n, pattern(4, 3)),
    ));
    assert.deepEqual(
      run.frames.map(({ iface, linkType, seconds, nanoseconds }) => [iface, linkType, seconds, nanoseconds]),
      [['b', 101, 5, 1], ['c', 113, 7, 1000], ['', UNKNOWN_LINK_TYPE, 0, 0]],
    );
    assert.deepEqual(run.linkTypes, [1]);
  });

  it('cuts simple packets at the snaplen', async () => {
    const run = await rig.bytes(concat(sectionBlock(true), interfaceBlock(true, { snaplen: 10 }), simplePacketBlock(true, 100, pattern(10, 1))));
    assert.deepEqual([run.frames[0].data.length, run.frames[0].wireLength], [10, 100]);
  });

  it('applies offsets and resolutions, and cuts what is finer than a nanosecond', async () => {
    const cases: [number, bigint, bigint, number, number][] = [
      [3, 0n, 1_500n, 1, 500_000_000],
      [0, 0n, 12n, 12, 0],
      [12, 0n, 3_000_000_000_999n, 3, 0],
      [0x80 | 10, 0n, 1024n * 5n + 512n, 5, 500_000_000],
      [0x80 | 32, 0n, (9n << 32n) | 0x80000000n, 9, 500_000_000],
      [6, 1_000_000n, 250_000n, 1_000_000, 250_000_000],
      [9, -3n, 5_000_000_007n, 2, 7],
    ];
    for (const [resolution, offset, ticks, seconds, nanoseconds] of cases) {
      const run = await rig.bytes(concat(sectionBlock(true), interfaceBlock(true, { resolution, offset }), packetBlock(true, 0, ticks, pattern(4, 0))));
      assert.deepEqual([run.frames[0].seconds, run.frames[0].nanoseconds], [seconds, nanoseconds], `resolution ${resolution}`);
      assert.deepEqual(run.warnings, []);
    }
  });

  it('takes times that are no dates as 1970, and warns once', async () => {
    const late = packetBlock(true, 0, 0xffffffffffffffffn, pattern(4, 0));
    const run = await rig.bytes(concat(sectionBlock(true), interfaceBlock(true), late, late));
    assert.deepEqual(run.frames.map(({ seconds, nanoseconds }) => [seconds, nanoseconds]), [[0, 0], [0, 0]]);
    assert.equal(run.warnings.length, 1);
    assert.match(run.warnings[0], /frame 1 has a time outside 1970 to 9999/);
  });

  it('skips blocks longer than a slot and lists a packet before options that long', async () => {
    const comment = (length: number): Uint8Array => option(true, 1, pattern(length, 0));
    const run = await rig.bytes(concat(
      sectionBlock(true), interfaceBlock(true),
      block(true, 0x0bad, pattern(5000, 1)),
      packetBlock(true, 0, 1n, pattern(9, 7), 9, comment(3000)),
      packetBlock(true, 0, 2n, pattern(3, 8)),
    ));
    assert.deepEqual(run.failures.concat(run.warnings), []);
    assert.deepEqual(run.frames.map(({ data }) => [data.length, data[0]]), [[9, 7], [3, 8]]);
  });

  it('warns of a cut inside a block longer than a slot', async () => {
    const whole = concat(sectionBlock(true), interfaceBlock(true), block(true, 0x0bad, pattern(5000, 1)));
    const run = await rig.bytes(whole.subarray(0, whole.length - 1));
    assert.match(run.warnings[0], /cut off in frame 1/);
  });

  it('refuses damage, naming the place, after every packet before it', async () => {
    const good = [sectionBlock(true), interfaceBlock(true), packetBlock(true, 0, 1n, pattern(8, 1))];
    const differing = packetBlock(true, 0, 1n, pattern(8, 1));
    differing[differing.length - 4] ^= 4;
    const longFrame = packetBlock(true, 0, 1n, pattern(8, 1));
    longFrame[20] = 9;
    const cases: [Uint8Array, RegExp][] = [
      [u32(true, 6, 10, 0, 0), /a block of 10 bytes/],
      [u32(true, 6, 34, 0, 0), /a block of 34 bytes/],
      [block(true, 6, pattern(4, 0)), /a block of 16 bytes, too short/],
      [block(true, 3, pattern(0, 0)), /too short/],
      [block(true, 1, pattern(4, 0)), /too short/],
      [block(true, 0x0a0d0d0a, u32(true, 0x1a2b3c4d)), /too short/],
      [block(true, 0x0a0d0d0a, u32(true, 0, 0, 0, 0)), /byte-order magic/],
      [sectionBlock(true, 2), /version 2/],
      [differing, /two lengths differ/],
      [longFrame, /a frame of 9 bytes in a block of 40/],
    ];
    const offset = good.reduce((sum, { length }) => sum + length, 0);
    for (const [bad, reason] of cases) {
      const run = await rig.bytes(concat(...good, bad, ...good));
      assert.equal(run.frames.length, 1);
      assert.match(run.failures[0], reason);
      assert.match(run.failures[0], new RegExp(`damaged at byte ${offset}, frame 2: `));
    }
  });

  it('bounds the interfaces of a section', async () => {
    const wide = new ReplayRig(1 << 20, 64, 8);
    const one = block(true, 1, u32(true, 1, 0));
    const many = new Uint8Array(one.length * 65537);
    for (let at = 0; at < many.length; at += one.length) many.set(one, at);
    const run = await wide.bytes(concat(sectionBlock(true), many));
    assert.match(run.failures[0], /more than 65536 interfaces/);
    wide.close();
  });

  it('sees what tshark sees', async () => {
    const big = new ReplayRig(1 << 18, 4096, 64);
    const names = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.pcapng')) : [];
    // Without the statistics block, whose content is none, and the packet without a time.
    const own = concat(...everything(false).filter((_, index) => index !== 3 && index !== 5));
    for (const path of [...names.map((name) => join(CORPUS, name)), big.file('own.pcapng', own)]) {
      const fields = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len'].flatMap((field) => ['-e', field]);
      const lines = execFileSync('tshark', ['-n', '-r', path, '-T', 'fields', ...fields], { stdio: ['ignore', 'pipe', 'ignore'] });
      const run = await big.run([path]);
      const seen = run.frames.map(({ number, seconds, nanoseconds, data, wireLength }) =>
        [number, `${seconds}.${String(nanoseconds).padStart(9, '0')}`, data.length, wireLength].join('\t'));
      assert.deepEqual(seen, lines.toString().trim().split('\n'), path);
    }
    big.close();
  });
});
