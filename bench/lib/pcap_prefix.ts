// The beginning of a capture as a capture of its own: one file of real traffic gives those of every size. What is in it is counted
// on the way, by code that shares nothing with httplog's.

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const CHUNK_BYTES = 8 << 20;
const ETHERNET_BYTES = 14;
const IPV4_TCP_BYTES = 54;

/** What a capture holds. */
export interface Contents {
  readonly path: string;
  readonly bytes: number;
  readonly frames: number;
  /** frames that begin a message */
  readonly messages: number;
  /** bytes of a frame on average, without record headers */
  readonly averageFrameBytes: number;
}

/**
 * Copies whole records until `limitBytes` are reached, or only counts them.
 * @param from a pcap file of this machine's tcpdump: little-endian, Ethernet
 * @param to where the copy goes; undefined: nowhere
 */
export function copyPrefix(from: string, limitBytes: number, to?: string): Contents {
  const input = openSync(from, 'r');
  const output = to === undefined ? -1 : openSync(to, 'w');
  const counts = { bytes: FILE_HEADER_BYTES, frames: 0, messages: 0 };
  try {
    forEachRecord(input, (chunk, at, end) => {
      counts.bytes += end - at;
      counts.frames++;
      if (beginsMessage(chunk, at + RECORD_HEADER_BYTES, end)) counts.messages++;
      return counts.bytes < limitBytes;
    });
    if (output >= 0) copyBytes(input, output, counts.bytes);
  } finally {
    closeSync(input);
    if (output >= 0) closeSync(output);
  }
  const averageFrameBytes = (counts.bytes - FILE_HEADER_BYTES) / counts.frames - RECORD_HEADER_BYTES;
  return { path: to ?? from, ...counts, averageFrameBytes };
}

/** Messages among the first `frames` frames of a capture: what a replay that was stopped there has sent. */
export function messagesAmong(path: string, frames: number): number {
  const input = openSync(path, 'r');
  let seen = 0;
  let messages = 0;
  try {
    forEachRecord(input, (chunk, at, end) => {
      if (seen === frames) return false;
      seen++;
      if (beginsMessage(chunk, at + RECORD_HEADER_BYTES, end)) messages++;
      return true;
    });
  } finally {
    closeSync(input);
  }
  return messages;
}

/** @param visit is given each whole record; false ends the walk */
function forEachRecord(input: number, visit: (chunk: Buffer, at: number, end: number) => boolean): void {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = FILE_HEADER_BYTES;
  for (;;) {
    const length = readSync(input, chunk, 0, CHUNK_BYTES, position);
    let at = 0;
    while (at + RECORD_HEADER_BYTES <= length) {
      const end = at + RECORD_HEADER_BYTES + chunk.readUInt32LE(at + 8);
      if (end > length) break;
      if (!visit(chunk, at, end)) return;
      at = end;
    }
    if (at === 0) return;
    position += at;
  }
}

function copyBytes(input: number, output: number, bytes: number): void {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; position < bytes;) {
    const length = readSync(input, chunk, 0, Math.min(CHUNK_BYTES, bytes - position), position);
    if (length === 0) throw new Error('the capture became shorter while it was copied');
    for (let at = 0; at < length;) at += writeSync(output, chunk, at, length - at);
    position += length;
  }
}

/** Enough to know the traffic this is made for: `HTTP`, `GET `, `HEAD` or `POST` at the start of a TCP payload over IPv4. */
function beginsMessage(chunk: Buffer, frameAt: number, end: number): boolean {
  const ipAt = frameAt + ETHERNET_BYTES;
  if (end - frameAt < IPV4_TCP_BYTES || chunk.readUInt16BE(ipAt - 2) !== 0x0800 || chunk[ipAt + 9] !== 6) return false;
  const tcpAt = ipAt + (chunk[ipAt] & 0x0f) * 4;
  const payloadAt = tcpAt + (chunk[tcpAt + 12] >> 4) * 4;
  if (payloadAt + 4 > end) return false;
  const word = chunk.readUInt32BE(payloadAt);
  return word === 0x4854_5450 || word === 0x4745_5420 || word === 0x4845_4144 || word === 0x504f_5354;
}
