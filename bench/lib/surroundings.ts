// What a comparison needs and what it ran on: the programs, their versions, the machine.

import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { tryCommand } from '../../test/support/command.js';

/** Programs by the Debian package they are in. */
const PACKAGES: Readonly<Record<string, string>> = {
  httpry: 'httpry',
  tshark: 'tshark',
  tcpdump: 'tcpdump',
  tcpreplay: 'tcpreplay',
  wrk: 'wrk',
  nginx: 'nginx-light',
  ip: 'iproute2',
  ethtool: 'ethtool',
};

/** Puts the folders of system programs on PATH: several of the peers are there, and sudo or su may leave them out. */
export function completePath(): void {
  process.env.PATH = [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
}

/** The Debian packages of programs that are not on PATH. */
export function missingPackages(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return Object.entries(PACKAGES)
    .filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))))
    .map(([, name]) => name);
}

/** The machine in a line. */
export function machine(): string {
  const [first] = cpus();
  return `${first.model.trim()}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, Linux ${release()}, Node ${process.version}`;
}

/** Versions of the peers, as they give them. */
export function versions(): string {
  const firstMatch = (argv: readonly string[], pattern: RegExp): string => {
    const { stdout, stderr } = tryCommand(argv);
    return pattern.exec(stdout + stderr)?.[1] ?? 'of unknown version';
  };
  return [
    `httpry ${firstMatch(['httpry', '-h'], /version (\S+)/)}`,
    `tshark ${firstMatch(['tshark', '--version'], /TShark[^\d]*([\d.]+\d)/)}`,
    `tcpdump ${firstMatch(['tcpdump', '--version'], /tcpdump version (\S+)/)}`,
    firstMatch(['tcpdump', '--version'], /(libpcap version [\d.]+\d)/),
    `tcpreplay ${firstMatch(['tcpreplay', '--version'], /tcpreplay version: (\S+)/)}`,
    `nginx ${firstMatch(['nginx', '-v'], /nginx\/(\S+)/)}`,
  ].join(', ');
}
