import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { MAX_SOURCES, SOURCE } from '../../src/ring/source_board.js';
import { ReplayRig } from '../support/replay_run.js';
import { SeededRandom } from '../support/random.js';
import { concat, interfaceBlock, packetBlock, pattern, pcap, sectionBlock, simplePacketBlock } from '../support/savefile_builder.js';
import { until } from '../support/command.js';

const COUNT = 300;
const PCAP = pcap({}, Array.from({ length: COUNT }, (_, index) => ({ seconds: 1000 + index, fraction: 0, data: pattern(index % 90, index) })));
const PCAPNG = concat(
  sectionBlock(true), interfaceBlock(true, { name: 'eth0' }),
  ...Array.from({ length: COUNT }, (_, index) => packetBlock(true, 0, BigInt(index), pattern(index % 90, index))),
);

describe('capture files', function () {
  this.timeout(180_000);
  const rig = new ReplayRig(512);
  after(() => rig.close());

  it('are read through gzip, also of several members', async () => {
    for (const plain of [PCAP, PCAPNG]) {
      const members = [0, 11, 5000, plain.length].map((end, index, ends) => gzipSync(plain.subarray(index === 0 ? 0 : ends[index - 1], end)));
      for (const packed of [gzipSync(plain), concat(...members)]) {
        const run = await rig.bytes(packed);
        assert.deepEqual(run.failures.concat(run.warnings), []);
        assert.equal(run.frames.length, COUNT);
        assert.ok(run.frames.every(({ data, number }) => data.equals(pattern((number - 1) % 90, number - 1))));
        assert.equal(rig.board.get(0, SOURCE.BYTES_READ), packed.length);
        assert.equal(rig.board.get(0, SOURCE.BYTES_TOTAL), packed.length);
      }
    }
  });

  it('give what is whole of a gzip cut anywhere', async () => {
    const packed = gzipSync(PCAP);
    let most = 0;
    for (let length = 20; length < packed.length; length += 37) {
      const run = await rig.bytes(packed.subarray(0, length));
      if (run.failures.length > 0) assert.match(run.failures[0], /is empty|ends inside the file header|not a capture file/);
      else assert.match(run.warnings[0], /cut off (in|after) frame/);
      assert.ok(run.frames.length >= most, `${length} bytes`);
      most = run.frames.length;
    }
    assert.ok(most > COUNT / 2);
    const run = await rig.bytes(packed.subarray(0, packed.length - 1));
    assert.equal(run.frames.length, COUNT);
    assert.match(run.warnings[0], /gzip data is cut off after frame 300/);
  });

  it('give what comes before damage inside gzip', async () => {
    const random = new SeededRandom(7);
    const noise = pcap({}, Array.from({ length: 2000 }, (_, index) => ({
      seconds: index, fraction: 0, data: Uint8Array.from({ length: 300 }, () => random.below(256)),
    })));
    const large = new ReplayRig(1 << 16, 1024, 64);
    const next = gzipSync(PCAP.subarray(24));
    // A block type that does not exist.
    next[10] = 0xff;
    const run = await large.bytes(concat(gzipSync(noise), next));
    // What zlib was writing when it came to the damage is lost: 256 KiB at most.
    assert.ok(run.frames.length >= 2000 - 262144 / 316 && run.frames.length <= 2000, `${run.frames.length} frames`);
    assert.match(run.failures[0], /damaged gzip data \(.*\); the frames before it were read, save the last 256 KiB/);
    large.close();
  });

  it('are read from a FIFO, as far as they have come', async () => {
    const path = rig.path('fifo');
    execFileSync('mkfifo', [path]);
    const { run, ended } = rig.start([path]);
    // Half of the file, a silence in the middle of a frame until we have seen what came, the other half.
    const goOn = rig.path('go-on');
    const script = 'exec >"$0"; head -c 9000 "$1"; until [ -e "$2" ]; do sleep 0.05; done; tail -c +9001 "$1"';
    const writer = spawn('sh', ['-c', script, path, rig.file('whole', PCAP), goOn]);
    const left = once(writer, 'exit');
    await until('what has come', () => {
      rig.drain(run);
      return run.frames.length > 50;
    });
    assert.ok(run.frames.length < COUNT, `${run.frames.length} frames before the pipe goes on`);
    rig.file('go-on', new Uint8Array(0));
    await ended;
    rig.drain(run);
    assert.deepEqual(run.frames.map(({ number }) => number), Array.from({ length: COUNT }, (_, index) => index + 1));
    assert.deepEqual(run.failures.concat(run.warnings), []);
    assert.equal(rig.board.get(0, SOURCE.BYTES_READ), PCAP.length);
    assert.deepEqual(await left, [0, null]);
  });

  it('are read from a gzip in a FIFO that pauses', async () => {
    const path = rig.path('fifo.gz');
    execFileSync('mkfifo', [path]);
    const { run, ended } = rig.start([path]);
    spawn('sh', ['-c', `exec >"$0"; head -c 1 "$1"; sleep 0.2; tail -c +2 "$1"`, path, rig.file('whole.gz', gzipSync(PCAPNG))]);
    await ended;
    rig.drain(run);
    assert.equal(run.frames.length, COUNT);
  });

  it('are refused in one line that says what to do', async () => {
    const cases: [string, RegExp][] = [
      [rig.path('absent'), /absent: no such file/],
      [rig.path(''), /is a directory; give the capture files/],
      [rig.file('empty', new Uint8Array(0)), /empty: is empty: not a capture file/],
      [rig.file('garbage', new TextEncoder().encode('GET / HTTP/1.1')), /garbage: not a capture file \(it begins 47 45 54 20 2f 20 48 54\); pcap, pcapng/],
      [rig.file('short', Uint8Array.of(0xd4)), /short: not a capture file/],
      [rig.file('text.gz', gzipSync('hello')), /text.gz: not a capture file \(it begins 68 65 6c 6c 6f\)/],
      [rig.file('nothing.gz', gzipSync('')), /nothing.gz: .*not a capture file/],
      ['/dev/null', /is empty/],
    ];
    for (const [path, reason] of cases) {
      const run = await rig.run([path]);
      assert.match(run.failures[0], reason);
      assert.ok(!run.failures[0].includes('\n'));
      assert.deepEqual([run.failures.length, run.frames.length, run.batches.length], [1, 0, 0]);
    }
  });

  it('that may not be read are named with the way out', async () => {
    const path = rig.file('secret', PCAP);
    chmodSync(path, 0);
    const run = await rig.run([path]);
    // Root reads everything.
    if (process.getuid?.() === 0) assert.equal(run.frames.length, COUNT);
    else assert.match(run.failures[0], /permission denied; .*sudo/);
  });

  it('survive any damage: every frame lies in its slot, every error is one line', async () => {
    const random = new SeededRandom(42);
    const small = new ReplayRig(256, 16, 64);
    const datas = [0, 5, 90, 33].map((length, index) => pattern(length, index * 60));
    const originals = [
      pcap({}, datas.map((data, index) => ({ seconds: index, fraction: index, data }))),
      concat(
        sectionBlock(false), interfaceBlock(false, { name: 'x', resolution: 9, offset: 3n }),
        ...datas.map((data, index) => packetBlock(false, 0, BigInt(index), data)),
        simplePacketBlock(false, 20, datas[2].subarray(0, 20)),
      ),
    ];
    let failures = 0;
    let frames = 0;
    for (let round = 0; round < 4000; round++) {
      const bytes = originals[round % 2].slice(0, originals[round % 2].length - (round % 3 === 0 ? random.below(40) : 0));
      for (let flips = 1 + random.below(6); flips > 0; flips--) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      if (round % 5 === 0) bytes[4 * random.below(bytes.length >> 2)] = random.below(256);
      const run = await small.bytes(bytes);
      assert.ok(run.failures.length <= 1);
      for (const text of run.failures.concat(run.warnings)) assert.ok(!text.includes('\n'));
      failures += run.failures.length;
      frames += run.frames.length;
    }
    small.close();
    assert.ok(failures > 500 && frames > 2000, `${failures} failures, ${frames} frames`);
  });

  it('stay within the rows there are', async () => {
    const wide = new ReplayRig(64, 1, 16384);
    const path = wide.file('one', pcap({}, [{ seconds: 1, fraction: 0, data: pattern(4, 0) }]));
    const run = await wide.run(Array.from({ length: MAX_SOURCES + 1 }, () => path));
    assert.equal(run.opened.length, MAX_SOURCES);
    assert.equal(run.frames.length, MAX_SOURCES);
    assert.match(run.failures[0], /4096 files are the most/);
    wide.close();
  });
});
