// A service manager's ear: a Unix datagram socket, in the file system or abstract, as systemd gives it in NOTIFY_SOCKET.

import { existsSync, rmSync } from 'node:fs';
import { LITTLE_ENDIAN, bindSocket, close, errnoText, receive, socket } from '../../src/host/libc.js';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
const MSG_DONTWAIT = 0x40;

export class NotifyReceiver {
  private readonly fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  private readonly bytes = new Uint8Array(65536);
  /** every datagram so far, oldest first */
  private readonly heard: string[] = [];

  /** @param name a path, or an abstract name behind `@` */
  constructor(readonly name: string) {
    const path = Buffer.from(name.startsWith('@') ? `\0${name.slice(1)}` : `${name}\0`);
    const address = Buffer.alloc(2 + path.length);
    if (LITTLE_ENDIAN) address.writeUInt16LE(AF_UNIX);
    else address.writeUInt16BE(AF_UNIX);
    path.copy(address, 2);
    if (bindSocket(this.fd, address, address.length) < 0) throw new Error(`${name}: ${errnoText()}`);
  }

  /** What has come so far. */
  get datagrams(): readonly string[] {
    for (;;) {
      const length = receive(this.fd, this.bytes, this.bytes.length, MSG_DONTWAIT);
      if (length < 0) return this.heard;
      this.heard.push(new TextDecoder().decode(this.bytes.subarray(0, length)));
    }
  }

  /** The values of a variable, in the order in which they came. */
  values(variable: string): string[] {
    return this.datagrams.flatMap((text) => text.split('\n')).filter((line) => line.startsWith(`${variable}=`)).map((line) => line.slice(variable.length + 1));
  }

  close(): void {
    close(this.fd);
    if (existsSync(this.name)) rmSync(this.name);
  }
}
