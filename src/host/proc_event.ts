// Messages of the process events connector: struct nlmsghdr, struct cn_msg (linux/connector.h), struct proc_event (linux/cn_proc.h).

import { LITTLE_ENDIAN } from './libc.js';
import { NLMSG, NLMSGHDR } from './netlink.js';

/** enum what of struct proc_event; also the bits of an event mask */
export const PROC_EVENT = {
  NONE: 0,
  FORK: 0x1,
  EXEC: 0x2,
  UID: 0x4,
  GID: 0x40,
  SID: 0x80,
  PTRACE: 0x100,
  COMM: 0x200,
  COREDUMP: 0x40000000,
  EXIT: 0x80000000,
} as const;

// struct cn_msg behind struct nlmsghdr: struct cb_id, sequence number, what it answers, length of what follows
const CN_IDX = NLMSGHDR.BYTES;
const CN_VAL = CN_IDX + 4;
const CN_SEQUENCE = CN_IDX + 8;
const CN_ACK = CN_IDX + 12;
const CN_LENGTH = CN_IDX + 16;
const CN_HEADER_BYTES = 20;
const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;

// struct proc_event behind that
const EVENT = CN_IDX + CN_HEADER_BYTES;
const WHAT = EVENT;
const CPU = EVENT + 4;
const TIMESTAMP = EVENT + 8;
/** The first member of every event is a thread and its process, of forks it is the parent. */
const FIRST = EVENT + 16;
const SECOND = FIRST + 4;
const THIRD = FIRST + 8;
const FOURTH = FIRST + 12;
const FIFTH = FIRST + 16;
const COMM_BYTES = 16;
/** with its longest member, the name of a thread */
const EVENT_BYTES = 40;

/** Length of an event's datagram. */
export const PROC_MESSAGE_BYTES = EVENT + EVENT_BYTES;

/** An event; which fields count depends on `what`. Numbers are those of the initial namespaces. */
export class ProcEvent {
  /** PROC_EVENT */
  what: number = PROC_EVENT.NONE;
  /** where it happened */
  cpu = 0;
  /** of the connector's messages from that processor, answers among them */
  sequence = 0;
  /** in an answer: the question's number plus 1 */
  acknowledged = 0;
  /** CLOCK_MONOTONIC, nanoseconds */
  timestampNs = 0n;
  /** thread it happened to (fork: the new one), and its process */
  pid = 0;
  tgid = 0;
  /** fork, exit, coredump: the parent; ptrace: the tracer, 0 when it let go */
  otherPid = 0;
  otherTgid = 0;
  /** uid: real and effective user; gid: real and effective group */
  realId = 0;
  effectiveId = 0;
  /** exit: as wait(2) gives it, and the signal the parent gets */
  exitCode = 0;
  exitSignal = 0;
  /** comm: the new name, without its end; of the datagram, valid until the next one is read */
  comm: Uint8Array = new Uint8Array(0);
  /** in an answer: what went wrong, an errno, else 0 */
  error = 0;
}

/**
 * Reads one datagram.
 * @param bytes its length
 * @returns false when it is no process event, whole and of known kind
 */
export function readProcEvent(view: DataView, at: number, bytes: number, event: ProcEvent): boolean {
  if (bytes < PROC_MESSAGE_BYTES) return false;
  const length = view.getUint32(at + NLMSGHDR.LENGTH, LITTLE_ENDIAN);
  if (length < PROC_MESSAGE_BYTES || length > bytes || view.getUint16(at + NLMSGHDR.TYPE, LITTLE_ENDIAN) !== NLMSG.DONE) return false;
  if (view.getUint32(at + CN_IDX, LITTLE_ENDIAN) !== CN_IDX_PROC || view.getUint32(at + CN_VAL, LITTLE_ENDIAN) !== CN_VAL_PROC) return false;
  const payload = view.getUint16(at + CN_LENGTH, LITTLE_ENDIAN);
  if (payload < EVENT_BYTES || EVENT + payload > length) return false;
  event.what = view.getUint32(at + WHAT, LITTLE_ENDIAN);
  event.cpu = view.getUint32(at + CPU, LITTLE_ENDIAN);
  event.sequence = view.getUint32(at + CN_SEQUENCE, LITTLE_ENDIAN);
  event.acknowledged = view.getUint32(at + CN_ACK, LITTLE_ENDIAN);
  event.timestampNs = view.getBigUint64(at + TIMESTAMP, LITTLE_ENDIAN);
  event.pid = view.getInt32(at + FIRST, LITTLE_ENDIAN);
  event.tgid = view.getInt32(at + SECOND, LITTLE_ENDIAN);
  return readMembers(view, at, event);
}

/** What lies behind the first two numbers. @returns false for an unknown kind */
function readMembers(view: DataView, at: number, event: ProcEvent): boolean {
  switch (event.what) {
    case PROC_EVENT.FORK:
      event.otherPid = event.pid;
      event.otherTgid = event.tgid;
      event.pid = view.getInt32(at + THIRD, LITTLE_ENDIAN);
      event.tgid = view.getInt32(at + FOURTH, LITTLE_ENDIAN);
      return true;
    case PROC_EVENT.EXEC:
    case PROC_EVENT.SID:
      return true;
    case PROC_EVENT.UID:
    case PROC_EVENT.GID:
      event.realId = view.getUint32(at + THIRD, LITTLE_ENDIAN);
      event.effectiveId = view.getUint32(at + FOURTH, LITTLE_ENDIAN);
      return true;
    case PROC_EVENT.PTRACE:
    case PROC_EVENT.COREDUMP:
      event.otherPid = view.getInt32(at + THIRD, LITTLE_ENDIAN);
      event.otherTgid = view.getInt32(at + FOURTH, LITTLE_ENDIAN);
      return true;
    case PROC_EVENT.COMM: {
      const name = new Uint8Array(view.buffer, view.byteOffset + at + THIRD, COMM_BYTES);
      const end = name.indexOf(0);
      event.comm = end < 0 ? name : name.subarray(0, end);
      return true;
    }
    case PROC_EVENT.EXIT:
      event.exitCode = view.getUint32(at + THIRD, LITTLE_ENDIAN);
      event.exitSignal = view.getUint32(at + FOURTH, LITTLE_ENDIAN);
      event.otherPid = view.getInt32(at + FIFTH, LITTLE_ENDIAN);
      event.otherTgid = view.getInt32(at + FIFTH + 4, LITTLE_ENDIAN);
      return true;
    case PROC_EVENT.NONE:
      event.error = view.getUint32(at + FIRST, LITTLE_ENDIAN);
      return true;
    default:
      return false;
  }
}

// enum proc_cn_mcast_op
const PROC_CN_MCAST_LISTEN = 1;

/**
 * The message that asks for events.
 * @param number comes back in the answer, plus 1, as what it acknowledges
 * @param mask PROC_EVENT bits (struct proc_input, Linux 6.6); undefined: everything, as every kernel understands it
 */
export function listenMessage(number: number, mask: number | undefined): Uint8Array {
  const payload = mask === undefined ? 4 : 8;
  const message = new Uint8Array(EVENT + payload);
  const view = new DataView(message.buffer);
  view.setUint32(NLMSGHDR.LENGTH, message.length, LITTLE_ENDIAN);
  view.setUint16(NLMSGHDR.TYPE, NLMSG.DONE, LITTLE_ENDIAN);
  view.setUint32(NLMSGHDR.SEQUENCE, number, LITTLE_ENDIAN);
  view.setUint32(CN_IDX, CN_IDX_PROC, LITTLE_ENDIAN);
  view.setUint32(CN_VAL, CN_VAL_PROC, LITTLE_ENDIAN);
  view.setUint32(CN_SEQUENCE, number, LITTLE_ENDIAN);
  view.setUint32(CN_ACK, number, LITTLE_ENDIAN);
  view.setUint16(CN_LENGTH, payload, LITTLE_ENDIAN);
  view.setUint32(EVENT, PROC_CN_MCAST_LISTEN, LITTLE_ENDIAN);
  if (mask !== undefined) view.setUint32(EVENT + 4, mask, LITTLE_ENDIAN);
  return message;
}
