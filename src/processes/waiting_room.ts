// Connections that may not hear events, yet or any more: silent ones, wrong ones, those on their way out. Their number is bounded, and who
// fills the room himself makes way first: a client that knows the password needs milliseconds, and gets in whoever else waits.

import type { Socket } from 'node:net';

const MOST_WAITING = 256;

export class WaitingRoom {
  /** by connection, the one that came first in front */
  private readonly waiting = new Map<Socket, string>();

  /** @param most connections at a time */
  constructor(private readonly most: number = MOST_WAITING) {}

  get size(): number {
    return this.waiting.size;
  }

  /**
   * Takes in a connection. One that has waited longest of the address with the most of them is closed for it if need be.
   * @param address where it comes from, as connections are counted
   */
  enter(socket: Socket, address: string): void {
    if (this.waiting.size >= this.most) this.closeOne();
    this.waiting.set(socket, address);
    socket.once('close', () => this.leave(socket));
  }

  leave(socket: Socket): void {
    this.waiting.delete(socket);
  }

  /** Closes all of them at once. */
  clear(): void {
    for (const socket of this.waiting.keys()) socket.destroy();
    this.waiting.clear();
  }

  private closeOne(): void {
    const counts = new Map<string, number>();
    for (const address of this.waiting.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [socket, address] of this.waiting) {
      if (counts.get(address) !== most) continue;
      this.waiting.delete(socket);
      socket.destroy();
      return;
    }
  }
}
