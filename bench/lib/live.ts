// Live capture: tcpreplay sends a capture as fast as it can over a veth pair between two namespaces; each program listens at the
// other end, alone, for the same time.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { command, type Running, startCommand, until } from '../../test/support/command.js';
import { type End, inNamespace, makeNetwork } from '../../test/support/netns.js';
import { HTTPLOG, knowsOption, linesLogged } from './httplog_command.js';
import { messagesAmong, type Contents } from './pcap_prefix.js';
import { packetSockets, processCpuMs } from './process_time.js';
import { atMost, type Target } from './report.js';

/** The kernel's buffer of those who let us choose: httplog's default. */
const BUFFER_KIB = 8192;
/** Time for a program to be ready after its socket is open, and to empty its buffer after the last packet. */
const SETTLE_MS = 2000;
/** The compiler works on for some seconds behind the start. */
export const IDLE_SETTLE_SECONDS = 5;
const IDLE_LIMIT_PERCENT = 0.5;
const CPU_LIMIT_NS = { default: 200, libpcap: 400 } as const;

interface Listener {
  readonly name: string;
  readonly argv: (device: string, directory: string) => readonly string[];
  /** packets it says it received (dropped ones among them) and lost, from its words at the end */
  readonly totals: (words: string) => { received: number; dropped: number };
  /** most CPU a packet it is allowed; undefined for a peer */
  readonly limitNs?: number;
}

export interface LiveResult {
  readonly name: string;
  readonly sent: number;
  readonly packetsPerSecond: number;
  readonly received: number;
  readonly dropped: number;
  /** messages sent; records httplog logged of them, NaN for a peer */
  readonly expected: number;
  readonly logged: number;
  readonly cpuNs: number;
  readonly limitNs: number | undefined;
}

/** httplog with its default options, whatever /etc/sysconfig/httplog or the checkout's httplog.conf say: with an empty file of its own. */
function plainHttplog(directory: string): string[] {
  const file = join(directory, 'empty.conf');
  writeFileSync(file, '');
  return [HTTPLOG, '-conf', file];
}

const HTTPLOG_TOTALS = (words: string): { received: number; dropped: number } => (
  numbersIn(words, /: (\d+) received = .*? (\d+) dropped by the kernel/g));

function listeners(): Listener[] {
  const httplog = (name: string, options: readonly string[], limitNs: number): Listener => ({
    name,
    argv: (device, directory) => [...plainHttplog(directory), ...options, '-i', device, '-d', directory],
    totals: HTTPLOG_TOTALS,
    limitNs,
  });
  const hasWays = knowsOption('-capture');
  return [
    httplog('httplog -i DEV -d DIR', [], hasWays ? CPU_LIMIT_NS.default : CPU_LIMIT_NS.libpcap),
    ...(hasWays ? [httplog('httplog -capture libpcap -i DEV -d DIR', ['-capture', 'libpcap'], CPU_LIMIT_NS.libpcap)] : []),
    {
      name: 'tcpdump -w /dev/null',
      argv: (device) => ['tcpdump', '-n', '-B', String(BUFFER_KIB), '-i', device, '-w', '/dev/null', 'tcp port 80'],
      totals: (words) => numbersIn(words, /(\d+) packets received by filter\s+(\d+) packets dropped by kernel/g),
    },
    {
      name: 'httpry -i DEV -o OUT',
      argv: (device, directory) => ['httpry', '-i', device, '-o', join(directory, 'httpry.out')],
      totals: (words) => numbersIn(words, /(\d+) packets received, (\d+) packets dropped/g),
    },
  ];
}

/** The last match's two numbers. @throws Error when the program did not say them */
function numbersIn(words: string, pattern: RegExp): { received: number; dropped: number } {
  const last = [...words.matchAll(pattern)].at(-1);
  if (last === undefined) throw new Error(`no totals in: ${words}`);
  return { received: Number(last[1]), dropped: Number(last[2]) };
}

/** @param seconds how long tcpreplay sends to each listener */
export async function measureLive(capture: Contents, seconds: number, directory: string): Promise<LiveResult[]> {
  const network = makeNetwork('bench');
  try {
    // Nobody answers: with an address the receiver's TCP would reset every connection, and its packets would be captured too.
    for (const end of [network.server, network.client]) command(['ip', '-n', end.namespace, 'addr', 'flush', 'dev', end.device]);
    const results: LiveResult[] = [];
    for (const listener of listeners()) results.push(await listenTo(listener, network.server, network.client, capture, seconds, directory));
    return results;
  } finally {
    network.close();
  }
}

async function listenTo(
  listener: Listener, server: End, client: End, capture: Contents, seconds: number, directory: string,
): Promise<LiveResult> {
  const own = join(directory, 'live');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  // A shell between: httpry says its totals on standard output.
  const running = startCommand(inNamespace(server, ['sh', '-c', 'exec "$@" >&2', 'sh', ...listener.argv(server.device, own)]));
  try {
    const pid = await capturing(listener.name, running);
    const before = processCpuMs(pid);
    const sent = await sendTraffic(client, capture.path, seconds);
    await pause(SETTLE_MS);
    const cpuMs = processCpuMs(pid) - before;
    await running.stop('SIGINT'); // httpry says its totals on this one only
    const { received, dropped } = listener.totals(running.stderr());
    const loops = Math.floor(sent.packets / capture.frames);
    return {
      name: listener.name,
      sent: sent.packets,
      packetsPerSecond: sent.packetsPerSecond,
      received,
      dropped,
      expected: loops * capture.messages + messagesAmong(capture.path, sent.packets % capture.frames),
      logged: listener.limitNs === undefined ? NaN : linesLogged(own),
      cpuNs: cpuMs * 1e6 / sent.packets,
      limitNs: listener.limitNs,
    };
  } finally {
    await running.stop('SIGKILL');
    rmSync(own, { recursive: true, force: true });
  }
}

/** Waits until a program captures. @returns its process id @throws Error with its words when it ends instead */
async function capturing(name: string, { child, stderr }: Running): Promise<number> {
  const pid = child.pid ?? 0;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  await until(`${name} to capture`, () => hasEnded() || packetSockets(pid) > 0);
  if (!hasEnded()) await pause(SETTLE_MS);
  if (hasEnded()) throw new Error(`${name} ended: ${stderr()}`);
  return pid;
}

/** Sends the capture over and over. @throws Error when packets were refused: then nobody knows how many were on the wire */
async function sendTraffic(client: End, path: string, seconds: number): Promise<{ packets: number; packetsPerSecond: number }> {
  const argv = ['sh', '-c', 'exec "$@" >&2', 'sh', 'tcpreplay', '--preload-pcap', '--topspeed', '--no-flow-stats', '--loop=0',
    `--duration=${seconds}`, '-i', client.device, path];
  const sender = startCommand(inNamespace(client, argv));
  await until('tcpreplay to end', () => sender.child.exitCode !== null || sender.child.signalCode !== null, (seconds + 60) * 1e3);
  await sender.stop();
  const words = sender.stderr();
  const number = (pattern: RegExp): number => Number(pattern.exec(words)?.[1] ?? NaN);
  const packets = number(/Actual: (\d+) packets/);
  if (!(packets > 0) || number(/Failed packets:\s+(\d+)/) > 0) throw new Error(`tcpreplay did not send everything: ${words}`);
  return { packets, packetsPerSecond: number(/([\d.]+) pps/) };
}

/** CPU of httplog, in percent of a core, on an interface without traffic. */
export async function measureIdle(seconds: number, directory: string): Promise<number> {
  const network = makeNetwork('bench');
  const own = join(directory, 'live');
  mkdirSync(own, { recursive: true });
  const { server } = network;
  const running = startCommand(inNamespace(server, [...plainHttplog(own), '-i', server.device, '-d', own]));
  try {
    const pid = await capturing('httplog', running);
    await pause(IDLE_SETTLE_SECONDS * 1e3);
    const before = processCpuMs(pid);
    await pause(seconds * 1e3);
    return (processCpuMs(pid) - before) / seconds / 10;
  } finally {
    await running.stop();
    network.close();
    rmSync(own, { recursive: true, force: true });
  }
}

export function liveTable(results: readonly LiveResult[]): string[][] {
  const [base] = results;
  return [
    ['listener', 'sent', 'packets/s', 'received', 'dropped', 'loss %', 'records of messages', 'CPU ns a packet', 'CPU, httplog = 1'],
    ...results.map(({ name, sent, packetsPerSecond, received, dropped, expected, logged, cpuNs }) => [
      `\`${name}\``, String(sent), packetsPerSecond.toFixed(0), String(received), String(dropped), (dropped / sent * 100).toFixed(2),
      Number.isNaN(logged) ? '' : `${logged} of ${expected}`, cpuNs.toFixed(0), (cpuNs / base.cpuNs).toFixed(2)]),
  ];
}

export function liveTargets(results: readonly LiveResult[], idlePercent: number): Target[] {
  return [
    ...results.flatMap(({ name, dropped, expected, logged, cpuNs, limitNs }) => (limitNs === undefined ? [] : [
      atMost(`\`${name}\`: packets dropped`, dropped, 0, '', 0),
      { what: `\`${name}\`: records logged`, wanted: String(expected), measured: String(logged), met: logged === expected },
      atMost(`\`${name}\`: CPU a packet`, cpuNs, limitNs, ' ns', 0),
    ])),
    atMost('CPU on an idle interface', idlePercent, IDLE_LIMIT_PERCENT, ' % of a core'),
  ];
}
