// System calls of the shipped command, counted by strace on a short and a long capture: what the difference costs a packet, start-up
// left out. Counts, no times: a busy machine changes nothing.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeGenerated } from '../../bench/lib/generated.js';
import { HTTPLOG, linesLogged } from '../../bench/lib/httplog_command.js';
import { command } from '../support/command.js';

const FRAMES = { short: 50_000, long: 350_000 } as const;
const FRAME_BYTES = 300;
/** Reads and writes: one for every 128 KB would be eight; slots and blocks are far larger. */
const LIMIT_PER_MB = 8;
/** All calls: waiting and waking go by batch, never by packet. */
const LIMIT_PER_PACKET = 0.02;
const READS_AND_WRITES = /^(p?(read|write)v?(64)?|p(read|write)v2?)$/;

interface Calls {
  readonly all: number;
  readonly readsAndWrites: number;
}

describe('system calls of a replay', function () {
  this.timeout(180_000); // strace slows every call down
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-calls-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const countCalls = (name: string, frames: number): Calls & { bytes: number } => {
    const file = join(directory, `${name}.pcap`);
    const messages = writeGenerated(file, { frames, flows: 1000, messageShare: 0.125, frameBytes: FRAME_BYTES });
    const logs = join(directory, name);
    const summary = join(directory, `${name}.calls`);
    command(['strace', '-f', '-c', '-o', summary, HTTPLOG, '-r', file, '-d', logs], '', 120_000);
    assert.equal(linesLogged(logs), messages);
    return { ...readSummary(readFileSync(summary, 'utf8')), bytes: statSync(file).size };
  };

  it('go by batch, not by packet', () => {
    const short = countCalls('short', FRAMES.short);
    const long = countCalls('long', FRAMES.long);
    const megabytes = (long.bytes - short.bytes) / 1e6;
    const transfers = (long.readsAndWrites - short.readsAndWrites) / megabytes;
    const calls = (long.all - short.all) / (FRAMES.long - FRAMES.short);
    assert.ok(long.readsAndWrites > short.readsAndWrites, 'strace counted reads of the capture');
    assert.ok(transfers <= LIMIT_PER_MB, `${transfers.toFixed(1)} reads and writes a MB`);
    assert.ok(calls <= LIMIT_PER_PACKET, `${calls.toFixed(4)} system calls a packet`);
  });
});

/** `strace -c`: columns are % time, seconds, usecs/call, calls, errors (may be empty), syscall. */
function readSummary(text: string): Calls {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/)).filter((row) => /^\d+$/.test(row[3] ?? '') && row.at(-1) !== 'total');
  const sum = (chosen: readonly string[][]): number => chosen.reduce((total, row) => total + Number(row[3]), 0);
  return { all: sum(rows), readsAndWrites: sum(rows.filter((row) => READS_AND_WRITES.test(row.at(-1) ?? ''))) };
}
