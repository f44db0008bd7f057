// The process events connector: the kernel tells every fork, exec, exit and change of identity through netlink.

import { constants } from 'node:os';
import { DatagramBatch } from './datagram_batch.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, close, errno, errnoText, getSocketOption, poll, send } from './libc.js';
import { NETLINK, joinNetlink, openNetlink } from './netlink.js';
import { PROC_EVENT, PROC_MESSAGE_BYTES, ProcEvent, listenMessage, readProcEvent } from './proc_event.js';
import { SOL_SOCKET, enlargeReceiveBuffer, receiveBufferBytes } from './socket_options.js';

/** CN_IDX_PROC as a group of struct sockaddr_nl */
const PROC_GROUP = 1;
const SO_MEMINFO = 55;
/** SK_MEMINFO_DROPS of linux/sock_diag.h, and how many numbers there are */
const MEMINFO_DROPS = 8;
const MEMINFO_WORDS = 9;

/** An event takes some 800 bytes of it: that is 80,000 of them. It costs memory only while nobody reads. */
const RECEIVE_BUFFER_BYTES = 32 << 20;
const EVENTS_A_CALL = 64;
/** Kernels before 6.6 say nothing to a message they do not know. */
const MASK_ANSWER_MS = 200;
const ANSWER_MS = 2000;

/** Every event there is. */
const ALL_EVENTS = Object.values(PROC_EVENT).reduce((mask: number, bit) => mask | bit, 0) >>> 0;

/** The kernel's count of drops is looked at this often, and whenever it says that there are some. */
const LOOK_MS = 1000;

/** PROC_EVENT_ALL: with it the kernel does not even look. */
const EVERYTHING = 0xffffffff;

/** Process events cannot be had. `message` is one line: what, why, what to do. */
export class ProcConnectorError extends Error {
  override readonly name = 'ProcConnectorError';
}

/** A listener as it goes from one thread to another. */
export interface ProcSocket {
  readonly fd: number;
  /** every message comes here, so that a gap between sequence numbers is a loss */
  readonly gapless: boolean;
  /** what the kernel keeps for events that are not read yet, as it counts bytes */
  readonly bufferBytes: number;
}

/**
 * Opens a listener and asks for events. They wait in the kernel's buffer from now on; what finds no room there is lost, and counted.
 * @param events PROC_EVENT bits; kernels before 6.6 deliver all of them
 * @throws ProcConnectorError
 */
export function openProcSocket(events: number): ProcSocket {
  const fd = openNetlink(NETLINK.CONNECTOR);
  if (fd < 0) throw new ProcConnectorError(`process events: no connector socket: ${errnoText()}; this kernel has no CONFIG_CONNECTOR`);
  enlargeReceiveBuffer(fd, RECEIVE_BUFFER_BYTES);
  const bufferBytes = receiveBufferBytes(fd);
  const refused = joinNetlink(fd, PROC_GROUP);
  if (refused !== 0) throw refusal(refused);
  try {
    // A kernel that knows masks answers to one that lets everything pass; its answer to a narrower one would not pass that.
    const knowsMasks = ask(fd, EVERYTHING, MASK_ANSWER_MS);
    if (!knowsMasks && !ask(fd, undefined, ANSWER_MS)) {
      throw new ProcConnectorError("process events: the kernel does not answer; it tells them in the host's own user and PID namespaces only: run httplog outside of the container (docker run --pid=host --userns=host --network=host)");
    }
    const narrows = knowsMasks && events >>> 0 !== ALL_EVENTS;
    if (narrows) sendMessage(fd, listenMessage(0, events >>> 0));
    return { fd, gapless: !narrows, bufferBytes };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** @returns whether the kernel answers that it will tell events */
function ask(fd: number, mask: number | undefined, waitMs: number): boolean {
  const number = Math.floor(Math.random() * 2 ** 31);
  sendMessage(fd, listenMessage(number, mask));
  const connector = new ProcConnector({ fd, gapless: false, bufferBytes: 0 });
  const endMs = performance.now() + waitMs;
  let error: number | undefined;
  for (let leftMs = waitMs; leftMs > 0 && error === undefined; leftMs = endMs - performance.now()) {
    waitReadable(fd, leftMs);
    connector.drain((event) => {
      // Everybody who listens hears every answer: the number tells whose it is.
      if (event.what === PROC_EVENT.NONE && event.acknowledged === number + 1) error = event.error;
    }, true);
  }
  if (error !== undefined && error !== 0) throw refusal(error);
  return error === 0;
}

function sendMessage(fd: number, message: Uint8Array): void {
  if (send(fd, message, message.length, 0) < 0) throw refusal(errno());
}

/** Reads what a listener hears. */
export class ProcConnector {
  /** for poll() */
  readonly fd: number;
  /** datagrams that were no events of the kernel: from another process, or of a kind not known */
  strange = 0;
  private readonly batch: DatagramBatch;
  private readonly event = new ProcEvent();
  private readonly gapless: boolean;
  /** by processor: the sequence number of its next message */
  private readonly expected = new Map<number, number>();
  /** messages missing between sequence numbers */
  private gaps = 0;
  /** messages for which the buffer had no room, by the kernel's count */
  private drops = 0;
  private told = 0;
  /** the kernel said that there was no room, or numbers are missing */
  private isShort = false;
  private askedMs = -Infinity;

  /** @param eventsACall the most that drain() hands over */
  constructor({ fd, gapless }: ProcSocket, eventsACall = EVENTS_A_CALL) {
    this.batch = new DatagramBatch(eventsACall, 2 * PROC_MESSAGE_BYTES);
    this.fd = fd;
    this.gapless = gapless;
  }

  /**
   * Hands over what is waiting, a bounded number of events.
   * @param visit gets each; the object is used again
   * @param answers hand over the kernel's answers, too
   * @returns whether more may be waiting
   */
  drain(visit: (event: ProcEvent) => void, answers = false): boolean {
    const { batch, event } = this;
    const count = batch.receive(this.fd);
    if (count < 0) {
      // It says once that there was no room: how often, lost() asks.
      if (errno() === constants.errno.ENOBUFS) this.isShort = true;
      else if (errno() !== constants.errno.EINTR) return false;
      return true;
    }
    for (let i = 0; i < count; i++) {
      // Only the kernel has port 0: nobody else can tell events.
      if (batch.sender(i) !== 0 || !readProcEvent(batch.view, batch.start(i), batch.length(i), event)) {
        this.strange++;
      } else {
        this.count(event);
        if (answers || event.what !== PROC_EVENT.NONE) visit(event);
      }
    }
    return count === batch.capacity;
  }

  /** With a mask the kernel keeps events back that have numbers, too: then its own count has to do. */
  private count({ cpu, sequence }: ProcEvent): void {
    const expected = this.expected.get(cpu);
    if (this.gapless && expected !== undefined && expected !== sequence) {
      this.gaps += (sequence - expected) >>> 0;
      this.isShort = true;
    }
    this.expected.set(cpu, (sequence + 1) >>> 0);
  }

  /** Events lost since it was last asked. Those of one processor are known lost when its next one has come, or when the kernel counted them. */
  lost(): number {
    const nowMs = performance.now();
    if (!this.isShort && nowMs - this.askedMs < LOOK_MS) return 0;
    this.isShort = false;
    this.askedMs = nowMs;
    const numbers = new Uint32Array(MEMINFO_WORDS);
    const got = getSocketOption(this.fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(numbers.buffer), new Uint32Array([numbers.byteLength]));
    if (got === 0) this.drops = numbers[MEMINFO_DROPS];
    const known = Math.max(this.gaps, this.drops);
    const lost = Math.max(0, known - this.told);
    this.told += lost;
    return lost;
  }

  close(): void {
    close(this.fd);
  }
}

function waitReadable(fd: number, timeoutMs: number): void {
  const entry = new Uint8Array(POLLFD_BYTES);
  const view = new DataView(entry.buffer);
  view.setInt32(0, fd, LITTLE_ENDIAN);
  view.setInt16(4, POLLIN, LITTLE_ENDIAN);
  poll(entry, 1, Math.ceil(timeoutMs));
}

function refusal(code: number): ProcConnectorError {
  const { EPERM, EACCES, ECONNREFUSED } = constants.errno;
  if (code === EPERM || code === EACCES) {
    return new ProcConnectorError(`process events: ${errnoText(code)}: listening takes root, or CAP_NET_ADMIN in the initial namespaces`);
  }
  if (code === ECONNREFUSED) {
    return new ProcConnectorError("process events: nobody answers: httplog has to run in the host's own network namespace, on a kernel with CONFIG_PROC_EVENTS");
  }
  return new ProcConnectorError(`process events: the kernel refuses: ${errnoText(code)}`);
}
