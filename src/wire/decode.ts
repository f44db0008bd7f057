// From the first byte of a frame to its TCP payload.

import { FIRST_LAYER } from './dispatch.js';
import type { Frame } from './frame.js';
import { decoders } from './layers.js';

/**
 * Decodes a frame made ready with Frame.begin(). Ends for every input: each layer moves `at` forward or ends the walk, and the
 * layers that announce others check that their own header fits.
 * @param layer first layer, from linkLayer()
 * @returns OUTCOME.TCP with addresses, ports and the payload (`at` to `end`) in `frame`, or the reason to skip it
 */
export function decode(bytes: Uint8Array, frame: Frame, layer: number): number {
  let next = layer;
  while (next >= FIRST_LAYER) next = decoders[next - FIRST_LAYER](bytes, frame);
  return next;
}
