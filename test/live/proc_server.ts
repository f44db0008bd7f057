// A server that says in Content-Type which process answers: `pid/N`. How its sockets come to that process:
//
//     plain      it accepts them itself, on an IPv6 socket that takes IPv4, too
//     prefork    two processes accept from one listening socket
//     handover   one process accepts, and passes the socket to another over a Unix socket (SCM_RIGHTS)

import cluster from 'node:cluster';
import { fork } from 'node:child_process';
import { createServer, type Socket } from 'node:net';

const [, , mode, portText] = process.argv;
const port = Number(portText);

function serve(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Type: pid/${process.pid}\r\nContent-Length: 0\r\n\r\n`));
  socket.resume();
}

function ready(): void {
  process.stderr.write('ready\n');
}

if (mode === 'child') {
  process.on('message', (_, socket) => serve(socket as Socket));
} else if (mode === 'handover') {
  const child = fork(process.argv[1], ['child']);
  createServer({ pauseOnConnect: true }, (socket) => child.send('socket', socket)).listen(port, '::', ready);
} else if (mode === 'plain' || cluster.isWorker) {
  createServer(serve).listen(port, '::', mode === 'plain' ? ready : undefined);
} else {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  let listening = 0;
  cluster.on('listening', () => {
    if (++listening === 2) ready();
  });
  for (let i = 0; i < 2; i++) cluster.fork();
}
