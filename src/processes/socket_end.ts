// What a server does with connections it expects nothing from: throw away what they send, and end them so that the other side gets
// all that was written for it.

import type { Socket } from 'node:net';

/** How long a connection that ends may take to take what is queued for it. */
export const FLUSH_MS = 2_000;
/** How long the other side may then take to close, too. */
const CLOSE_MS = 200;
/** Read and thrown away a second; who sends more has to wait. */
const DISCARD_BYTES = 1 << 20;
const DISCARD_MS = 1_000;
/** What a read costs beside its bytes, as bytes: many small ones are no cheaper. */
const READ_COST_BYTES = 4096;

/**
 * Throws away what comes. Reading goes on, as only a reader sees that the other side is gone, but not at any speed: who floods us
 * fills his own buffer.
 */
export function discardInput(socket: Socket): void {
  let read = 0;
  let timer: NodeJS.Timeout | undefined;
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length + READ_COST_BYTES;
    if (read < DISCARD_BYTES) return;
    socket.pause();
    timer = setTimeout(() => {
      read = 0;
      socket.resume();
    }, DISCARD_MS).unref();
  });
  socket.once('close', () => clearTimeout(timer));
}

/**
 * Ends the connection after what was written to it, and waits until it is closed: FLUSH_MS and CLOSE_MS at most. To close a socket with
 * unread input would reset the connection, and what is on its way could be lost with it: so the other side gets the time to go first.
 * @param emptied resolves when the last byte was written to the socket @returns never rejects
 */
export async function farewell(socket: Socket, emptied: Promise<void>): Promise<void> {
  if (socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const late = setTimeout(() => socket.destroy(), FLUSH_MS);
  socket.once('end', () => socket.writableFinished && socket.destroy());
  await emptied;
  socket.end(() => {
    if (socket.readableEnded) socket.destroy();
    else setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  });
  await closed;
  clearTimeout(late);
}

/** Says the last words to a connection that is to be ended. @returns when it is closed; never rejects */
export async function dismiss(socket: Socket, lastWords: string): Promise<void> {
  if (!socket.destroyed && lastWords !== '') socket.write(lastWords);
  discardInput(socket);
  await farewell(socket, Promise.resolve());
}
