// Which layer follows: tables from the numbers that headers carry to layer numbers. layers.ts fills them from its one list;
// they stand apart so that a protocol can look up its successor without importing it.

import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

/**
 * A protocol's decoder: reads its header at `frame.at`, moves `at` behind it (and `end` to where its length says).
 * @returns the next layer's number (FIRST_LAYER and up), or an outcome
 */
export type Decoder = (bytes: Uint8Array, frame: Frame) => number;

/** Numbers below this are outcomes. */
export const FIRST_LAYER = 16;

/** By EtherType (IEEE 802, www.iana.org/assignments/ieee-802-numbers): 65536 entries. */
export const etherTypes = new Uint8Array(65536).fill(OUTCOME.NOT_IP);

/** By IP protocol number (www.iana.org/assignments/protocol-numbers): 256 entries. */
export const ipProtocols = new Uint8Array(256).fill(OUTCOME.NOT_TCP);

/** By UDP destination port: what is carried there, or OUTCOME.NOT_TCP. */
export const udpPorts = new Uint8Array(65536).fill(OUTCOME.NOT_TCP);

/** By UDP source port, for carriers whose answers come from the well-known port. */
export const udpSourcePorts = new Uint8Array(65536).fill(OUTCOME.NOT_TCP);
