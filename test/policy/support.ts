// One message taken through a policy, as the batch parser does it.

import assert from 'node:assert/strict';
import type { PolicySettings } from '../../src/config/settings.js';
import { parseRules } from '../../src/config/rules.js';
import { MESSAGE, Message } from '../../src/http/message.js';
import { scanMessage } from '../../src/http/scan.js';
import { Policy } from '../../src/policy/policy.js';
import { Values } from '../../src/record/values.js';
import { RecordView } from '../../src/record/view.js';
import { decode } from '../../src/wire/decode.js';
import { Frame } from '../../src/wire/frame.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';
import { latin1Text } from '../support/fence.js';
import { ethernetFrame, ipv4Packet, tcpSegment } from '../support/packets.js';

export interface PolicyForm extends Partial<Omit<PolicySettings, 'include' | 'exclude'>> {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly headers?: readonly string[];
}

export const PAYLOAD_BYTES = 131_072;

export function policyOf({ include = [], exclude = [], headers = [], ...others }: PolicyForm): Policy {
  const rules = (texts: readonly string[]): PolicySettings['include'] => parseRules(texts) ?? assert.fail(texts.join());
  return new Policy({
    include: rules(include), exclude: rules(exclude), sample: 1, anonymize: { ipv4: 32, ipv6: 128 }, redact: 'off', ...others,
  }, headers, PAYLOAD_BYTES);
}

/** The record of the message at the start of a payload, or of a whole Ethernet frame. */
export function recordOf(payload: string | Uint8Array, headers: readonly string[] = []): RecordView {
  const bytes = typeof payload === 'string' ? ethernetFrame(0x0800, ipv4Packet(tcpSegment(Buffer.from(payload, 'latin1')))) : payload;
  const frame = new Frame();
  frame.begin(0, bytes.length, bytes.length);
  assert.equal(decode(bytes, frame, linkLayer(1)!), OUTCOME.TCP);
  const message = new Message(headers);
  const kind = scanMessage(bytes, frame.at, frame.end, message);
  assert.notEqual(kind, MESSAGE.NONE, 'a message');
  const view = new RecordView(frame, message, new Values(headers.length));
  view.take(bytes, kind === MESSAGE.REQUEST);
  return view;
}

/** A value as text, one character a byte; undefined when it is absent. */
export function valueOf({ values }: RecordView, slot: number): string | undefined {
  return values.has(slot) ? latin1Text(values.bytes[slot].subarray(values.start[slot], values.end[slot])) : undefined;
}
