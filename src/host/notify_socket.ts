// The service manager's datagram socket (sd_notify(3)): an AF_UNIX address, in the file system or abstract, to which we send.

import { constants } from 'node:os';
import { LITTLE_ENDIAN, close, errno, errnoText, sendTo, socket } from './libc.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of struct sockaddr_un (linux/un.h) */
const MOST_PATH_BYTES = 108;
const FAMILY_BYTES = 2;

/** Sends datagrams to one Unix address, without ever waiting for the receiver. */
export class NotifySocket {
  private readonly fd: number;
  private readonly address: Uint8Array;

  /**
   * @param name a path from `/`, or an abstract name behind `@`
   * @throws Error when it is neither, or no socket can be had
   */
  constructor(name: string) {
    this.address = socketAddress(name);
    this.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw new Error(`no Unix socket: ${errnoText()}`);
  }

  /** @returns undefined when it was sent, else why not */
  send(text: string): string | undefined {
    const bytes = new TextEncoder().encode(text);
    for (;;) {
      if (sendTo(this.fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, this.address, this.address.length) >= 0) return undefined;
      if (errno() !== constants.errno.EINTR) return errnoText();
    }
  }

  close(): void {
    close(this.fd);
  }
}

/** struct sockaddr_un: family, then the path with its end, or for an abstract name a NUL and the name. */
function socketAddress(name: string): Uint8Array {
  const abstract = name.startsWith('@');
  const path = new TextEncoder().encode(abstract ? `\0${name.slice(1)}` : `${name}\0`);
  if (path.length < 2 || path.length > MOST_PATH_BYTES || !/^[/@]/.test(name)) throw new Error('not a Unix address that can be sent to');
  const address = new Uint8Array(FAMILY_BYTES + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, LITTLE_ENDIAN);
  address.set(path, FAMILY_BYTES);
  return address;
}
