// A program of its own, run inside a namespace: a TCP peer that says exactly the bytes it is told, for what curl and
// nginx refuse to say. Each message is written at once without Nagle, so that a short one is one packet.
//
//     node raw_peer.js client ADDRESS PORT    standard input: JSON array of messages, base64
//     node raw_peer.js server ADDRESS PORT    the same; answer N goes to message N received, over all connections;
//                                             says "ready" on standard error

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 30;
/** For the answer to a message, before the next one is sent: some get none. */
const ANSWER_MS = 5000;

/** Sends the messages one by one on one connection, each when the one before it is answered; the peer closing early ends it quietly, as it is no failure here. */
async function say(address: string, port: number, messages: readonly Buffer[]): Promise<void> {
  const socket = connect({ host: address, port, noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.resume();
  for (const message of messages) {
    if (!socket.writable) {
      break;
    }
    const answered = Promise.race([once(socket, 'data'), once(socket, 'close'), sleep(ANSWER_MS, undefined, { ref: false })]);
    socket.write(message);
    await answered;
    await sleep(PAUSE_MS);
  }
  socket.end();
  await sleep(PAUSE_MS);
  socket.destroy();
}

function answer(address: string, port: number, answers: readonly Buffer[]): void {
  let next = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (next < answers.length) {
        socket.write(answers[next++]);
      }
    });
    socket.on('end', () => socket.end());
  });
  server.listen(port, address, () => process.stderr.write('ready\n'));
}

const [role, address, port] = process.argv.slice(2);
const messages = (JSON.parse(readFileSync(0, 'utf8')) as string[]).map((text) => Buffer.from(text, 'base64'));
if (role === 'server') {
  answer(address, Number(port), messages);
} else {
  await say(address, Number(port), messages);
}
