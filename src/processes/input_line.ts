// One line from a connection, bounded.

import type { Socket } from 'node:net';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads up to the first line end; what comes behind it is thrown away. A connection that ends inside a line has ended the line.
 * @param mostBytes of the line, CR and LF not counted
 * @returns the line without its end; undefined when it is too long, or when there is none any more. Never rejects
 */
export function readLine(socket: Socket, mostBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const settle = (line: Buffer | undefined): void => {
      socket.off('data', onData).off('end', onEnd).off('close', onClose);
      socket.pause();
      resolve(line !== undefined && line.length <= mostBytes ? line : undefined);
    };
    const onData = (chunk: Buffer): void => {
      const end = chunk.indexOf(LF);
      parts.push(end < 0 ? chunk : chunk.subarray(0, end));
      bytes += parts[parts.length - 1].length;
      if (end >= 0 || bytes > mostBytes + 1) settle(withoutReturn(Buffer.concat(parts, bytes)));
    };
    const onEnd = (): void => settle(bytes > 0 ? Buffer.concat(parts, bytes) : undefined);
    const onClose = (): void => settle(undefined);
    socket.on('data', onData).once('end', onEnd).once('close', onClose);
    if (socket.destroyed) onClose();
    else socket.resume();
  });
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
