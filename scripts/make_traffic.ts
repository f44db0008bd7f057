// Makes a big capture of mixed real traffic for the benchmarks. Needs root, nginx, wrk, tcpdump, iproute2.
//
//     sudo node dist/scripts/make_traffic.js OUT.pcap SIZE_MB
//
// wrk and nginx talk between two network namespaces while tcpdump captures about 30 MB of it; that is then repeated
// with other clients, ports and times (traffic/repeat.ts) until SIZE_MB (millions of bytes) are written.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../test/support/command.js';
import { inNamespace, makeNetwork, setOffloads } from '../test/support/netns.js';
import { startNginx } from '../test/support/servers.js';
import { startCapture } from '../test/support/tcpdump.js';
import { baseUrl } from '../test/support/traffic.js';
import { repeatCapture } from './traffic/repeat.js';

const PORT = 80;
const BASE_FRAMES = 26_000;
const KERNEL_BUFFER_KIB = 131_072;
const CONNECTIONS = 48;

/** Sizes and shares are chosen for frames of about 1.2 kB on average, one in eight of which begins a message. */
const WRK_SCRIPT = `
local paths = { '/', '/file-1000.bin', '/file-5000.bin', '/file-20000.bin', '/file-20000.bin',
  '/file-20000.bin', '/file-50000.bin', '/file-50000.bin', '/file-50000.bin', '/text', '/missing', '/old' }
local agents = { 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'curl/7.88.1', 'monitor/1.0' }
math.randomseed(1)
request = function()
  local headers = { ['Host'] = 'www' .. math.random(1, 40) .. '.example.test', ['User-Agent'] = agents[math.random(#agents)],
    ['Accept'] = '*/*', ['Cookie'] = 'session=' .. math.random(1000000000) }
  if math.random(20) == 1 then headers['Connection'] = 'close' end
  if math.random(12) == 1 then return wrk.format('POST', '/echo', headers, string.rep('field=value&', math.random(1, 60))) end
  return wrk.format('GET', paths[math.random(#paths)] .. '?item=' .. math.random(100000), headers)
end
`;

/** About 30 MB of wrk and nginx, as a pcap file. */
async function captureBase(directory: string): Promise<Uint8Array> {
  const file = join(directory, 'base.pcap');
  const script = join(directory, 'mixed.lua');
  writeFileSync(script, WRK_SCRIPT);
  const network = makeNetwork('maketraffic');
  try {
    const nginx = await startNginx(network.server, [PORT]);
    // a receiver that joins segments acknowledges as real hosts do, not every second frame; what it is sent stays in MTU size
    setOffloads(network.client, 'on', ['gro']);
    const capture = await startCapture(network.server, file,
      { filter: `tcp port ${PORT}`, options: ['-B', String(KERNEL_BUFFER_KIB), '-c', String(BASE_FRAMES)] });
    command(inNamespace(network.client, ['wrk', '-t1', `-c${CONNECTIONS}`, '-d1s', '-s', script, baseUrl(network.server, PORT)]));
    await capture.stop();
    await nginx.stop();
  } finally {
    network.close();
  }
  return readFileSync(file);
}

async function make(out: string, sizeMb: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-traffic-'));
  try {
    const base = await captureBase(directory);
    const descriptor = openSync(out, 'w');
    const report = repeatCapture(base, PORT, sizeMb * 1e6, (chunk) => {
      for (let at = 0; at < chunk.length;) {
        at += writeSync(descriptor, chunk, at);
      }
    });
    closeSync(descriptor);
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
    const oneIn = (report.frames / report.messages).toFixed(1);
    console.log(`${out}: ${megabytes(report.bytes)} MB in ${report.rounds} rounds of ${megabytes(base.length)} MB, `
      + `${report.frames} frames of ${report.averageFrameBytes.toFixed(0)} bytes on average, `
      + `${report.messages} begin a message (one in ${oneIn})`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [out, size] = process.argv.slice(2);
if (out === undefined || !(Number(size) > 0)) {
  console.error('usage: make_traffic OUT.pcap SIZE_MB');
  process.exitCode = 2;
} else {
  await make(out, Number(size));
}
