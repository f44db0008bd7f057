// From the first byte of a frame to its TCP payload.

import { type Decoder, FIRST_LAYER } from './dispatch.js';
import { ethernet } from './ethernet.js';
import type { Frame } from './frame.js';
import { ipv4 } from './ipv4.js';
import { decoders } from './layers.js';
import { tcp } from './tcp.js';

/** Layers of most frames: called by name, so that the engine makes one piece of code of them (half the time of a look-up each). */
const ETHERNET = layerOf(ethernet);
const IPV4 = layerOf(ipv4);
const TCP = layerOf(tcp);

function layerOf(decoder: Decoder): number {
  return FIRST_LAYER + decoders.indexOf(decoder);
}

/**
 * Decodes a frame made ready with Frame.begin(). Ends for every input: each layer moves `at` forward or ends the walk, and the
 * layers that announce others check that their own header fits.
 * @param layer first layer, from linkLayer()
 * @returns OUTCOME.TCP with addresses, ports and the payload (`at` to `end`) in `frame`, or the reason to skip it
 */
export function decode(bytes: Uint8Array, frame: Frame, layer: number): number {
  let next = layer;
  while (next >= FIRST_LAYER) {
    if (next === TCP) next = tcp(bytes, frame);
    else if (next === IPV4) next = ipv4(bytes, frame);
    else if (next === ETHERNET) next = ethernet(bytes, frame);
    else next = decoders[next - FIRST_LAYER](bytes, frame);
  }
  return next;
}
