// What crosses the wire meanwhile: wrk and nginx on the first link; on the second one frames of the fixtures and broken ones.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixturePath, loadFixtures } from '../support/fixtures.js';
import { type Frame, LINK_TYPE, readPcap, writePcap } from '../support/frames/pcap_file.js';
import { type End, inNamespace } from '../support/netns.js';
import type { SeededRandom } from '../support/random.js';
import { baseUrl } from '../support/traffic.js';

const CONNECTIONS = 16;
/** Of a connection, between two requests. */
const PAUSES_MS = [2, 12] as const;
const MTU_FRAME_BYTES = 1514;
const FRAMES = 1000;
const FRAMES_A_SECOND = 1000;
const REST_MS = 200;

const WRK_SCRIPT = `
local paths = { '/', '/file-100.bin', '/file-1000.bin', '/file-5000.bin', '/text', '/missing', '/old' }
request = function()
  local headers = { ['Host'] = 'www' .. math.random(1, 40) .. '.example.test', ['User-Agent'] = 'soak/1.0' }
  if math.random(20) == 1 then headers['Connection'] = 'close' end
  if math.random(12) == 1 then return wrk.format('POST', '/echo', headers, string.rep('field=value&', math.random(1, 60))) end
  return wrk.format('GET', paths[math.random(#paths)] .. '?item=' .. math.random(100000), headers)
end
delay = function() return math.random(${PAUSES_MS.join(', ')}) end
`;

/** Something that sends until it is told to stop. */
export interface Sender {
  /** Safe to call twice. @returns what it completed: requests, or rounds */
  stop(): Promise<number>;
}

/** Some 2000 requests a second from `from` to port 80 of `to`. @param seconds longer than it can be wanted */
export function startRequests(from: End, to: End, seconds: number): Sender {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-soak-wrk-'));
  const script = join(directory, 'mixed.lua');
  writeFileSync(script, WRK_SCRIPT);
  const [program, ...args] = inNamespace(from, ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, baseUrl(to, 80)]);
  const wrk = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(wrk, 'close');
  let said = '';
  wrk.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    async stop() {
      wrk.kill('SIGINT'); // it prints its sums then
      await closed;
      rmSync(directory, { recursive: true, force: true });
      const [, requests] = /^\s*(\d+) requests in /m.exec(said) ?? [];
      if (requests === undefined) throw new Error(`wrk said no sums: ${said}`);
      return Number(requests);
    },
  };
}

/** Frames of every kind from `from`, round after round; while the interface is away, rounds fail and are tried again. */
export function startFrames(from: End, random: SeededRandom): Sender {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-soak-frames-'));
  const file = join(directory, 'frames.pcap');
  writeFileSync(file, writePcap({ linkType: LINK_TYPE.ETHERNET, frames: hostileFrames(random) }));
  const [program, ...args] = inNamespace(from, ['tcpreplay', '--quiet', `--pps=${FRAMES_A_SECOND}`, `--intf1=${from.device}`, file]);
  let child: ChildProcess | undefined;
  let stopped = false;
  let rounds = 0;
  const all = (async () => {
    while (!stopped) {
      child = spawn(program, args, { stdio: 'ignore' });
      const [status] = (await once(child, 'exit')) as [number | null];
      if (status === 0) rounds++;
      if (!stopped) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  })();
  return {
    async stop() {
      stopped = true;
      child?.kill('SIGTERM');
      await all;
      rmSync(directory, { recursive: true, force: true });
      return rounds;
    },
  };
}

/** Frames of the fixtures, every other one with some bytes changed or its end cut off. */
function hostileFrames(random: SeededRandom): Frame[] {
  const whole = loadFixtures().filter(({ file }) => file.endsWith('.pcap')).flatMap(({ file }) => {
    const { linkType, frames } = readPcap(readFileSync(fixturePath(file)));
    return linkType === LINK_TYPE.ETHERNET ? frames.filter(({ bytes }) => bytes.length >= 14 && bytes.length <= MTU_FRAME_BYTES) : [];
  });
  return Array.from({ length: FRAMES }, (_, at): Frame => {
    const bytes = whole[random.below(whole.length)].bytes.slice();
    const cut = at % 4 === 1 ? bytes.subarray(0, 14 + random.below(bytes.length - 13)) : bytes;
    if (at % 2 === 1) for (let changes = random.below(8); changes >= 0; changes--) cut[12 + random.below(cut.length - 12)] = random.below(256);
    return { seconds: 1, nanoseconds: at * 1000, bytes: cut, originalLength: cut.length };
  });
}
