// Record lines of one packet: from a payload to what a format writes of it.

import assert from 'node:assert/strict';
import { MESSAGE, Message } from '../../src/http/message.js';
import { scanMessage } from '../../src/http/scan.js';
import { KIND } from '../../src/record/kinds.js';
import { NO_OWNER, type Owner, VIA } from '../../src/record/owner.js';
import { Values } from '../../src/record/values.js';
import { type LineFormat, RecordView } from '../../src/record/view.js';
import { decode } from '../../src/wire/decode.js';
import { Frame } from '../../src/wire/frame.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';
import { type Fenced, POISONS, fenced, latin1, latin1Text } from './fence.js';
import { withTags } from './frames/link_layer.js';
import { ethernetFrame, ipv4Packet, ipv6Packet, tcpSegment } from './packets.js';

export interface RecordForm {
  readonly seconds?: number;
  readonly nanoseconds?: number;
  readonly ordinal?: number;
  /** one byte a character */
  readonly interfaceName?: string;
  /** 0 to 3; default CQ or CR */
  readonly kind?: number;
  readonly vlans?: readonly number[];
  readonly ipv6?: boolean;
  /** the first fragment of a datagram */
  readonly fragmented?: boolean;
  /** wrappers: numbers of ENCAP, each with its id */
  readonly encaps?: readonly (readonly [encap: number, id: number])[];
  /** names of the header fields kept beside those of every message */
  readonly headers?: readonly string[];
  readonly redacted?: boolean;
  /** the process at the local end, found by connecting, with a socket that two hold */
  readonly owner?: Owner;
}

/** 2019-09-01 14:16:51 UTC */
export const SECONDS = 1567347411;

/**
 * The line a format writes of the message at the start of a payload, one byte a character, newline included. The same
 * whatever stands around the packet, and never longer than the format's bound.
 */
export function lineOf(format: LineFormat, payload: string | Uint8Array, form: RecordForm = {}): string {
  const frame = frameOf(typeof payload === 'string' ? latin1(payload) : payload, form);
  const [line, ...others] = POISONS.map((poison) => write(format, fenced(frame, poison), form));
  for (const other of others) assert.equal(other, line, 'what stands around the packet shows');
  return line;
}

function frameOf(payload: Uint8Array, { vlans = [], ipv6 = false, fragmented = false }: RecordForm): Uint8Array {
  const segment = tcpSegment(payload);
  const frame = ipv6
    ? ethernetFrame(0x86dd, ipv6Packet(segment))
    : ethernetFrame(0x0800, ipv4Packet(segment, fragmented ? { flagsAndOffset: 0x2000 } : {}));
  return withTags(frame, vlans.map((vlan) => ({ tpid: 0x8100, vlan })))!;
}

function write(format: LineFormat, { bytes, at, end }: Fenced, form: RecordForm): string {
  const frame = new Frame();
  frame.begin(at, end - at, end - at);
  assert.equal(decode(bytes, frame, linkLayer(1)!), OUTCOME.TCP);
  for (const [encap, id] of form.encaps ?? []) frame.enter(encap, id);
  const { headers = [] } = form;
  const message = new Message(headers);
  const kind = scanMessage(bytes, frame.at, frame.end, message);
  assert.notEqual(kind, MESSAGE.NONE, 'the payload begins with a message');
  const record = new RecordView(frame, message, new Values(headers.length));
  record.take(bytes, kind === MESSAGE.REQUEST);
  record.redacted = form.redacted ?? false;
  record.owner = form.owner ?? NO_OWNER;
  record.ownerVia = VIA.CONNECT;
  record.ownerShared = 2;
  record.kind = form.kind ?? (record.isRequest ? KIND.CQ : KIND.CR);
  record.seconds = form.seconds ?? SECONDS;
  record.nanoseconds = form.nanoseconds ?? 2_000_000;
  record.ordinal = form.ordinal ?? 1;
  record.interfaceName = latin1(form.interfaceName ?? '');
  format.period(record.seconds, 86400);
  const bound = format.bound(record);
  const out = new Uint8Array(bound + 16).fill(0xee);
  const behind = format.write(out, 4, record);
  assert.ok(behind - 4 <= bound, `${behind - 4} bytes written, bound ${bound}`);
  assert.ok(out.subarray(0, 4).every((byte) => byte === 0xee), 'nothing before the line');
  assert.ok(out.subarray(behind).every((byte) => byte === 0xee), 'nothing behind the line');
  return latin1Text(out.subarray(4, behind));
}
