// What a worker needs of a frame's interface, kept for the last one: frames of one interface mostly follow each other.

import { LinkReader } from '../ring/link_table.js';
import { linkLayer } from '../wire/layers.js';
import { OUTCOME } from '../wire/outcome.js';

/** Tells whether a frame passes `-f`. */
export type FrameFilter = (bytes: Uint8Array, offset: number, length: number, wireLength: number) => boolean;

interface Link {
  readonly layer: number;
  readonly name: Uint8Array;
  readonly filter: FrameFilter | undefined;
}

export class LinkCache {
  /** row of the link table in use, -1 for none yet */
  row = -1;
  /** first layer to decode, or OUTCOME.LINK_TYPE when the link type is not understood */
  layer: number = OUTCOME.LINK_TYPE;
  name: Uint8Array = new Uint8Array(0);
  filter: FrameFilter | undefined;
  private readonly reader: LinkReader;
  private readonly links = new Map<number, Link>();

  /** @param filterOf the filter for frames of a link type, undefined for none */
  constructor(memory: SharedArrayBuffer, private readonly filterOf: (linkType: number) => FrameFilter | undefined) {
    this.reader = new LinkReader(memory);
  }

  /** Makes a row of the link table the one in use. */
  use(row: number): void {
    let link = this.links.get(row);
    if (link === undefined) {
      const linkType = this.reader.linkType(row);
      const layer = linkLayer(linkType);
      const name = this.reader.name(row);
      // A frame that is not understood is skipped for that, not for the filter.
      link = layer === undefined
        ? { layer: OUTCOME.LINK_TYPE, name, filter: undefined }
        : { layer, name, filter: this.filterOf(linkType) };
      this.links.set(row, link);
    }
    this.row = row;
    this.layer = link.layer;
    this.name = link.name;
    this.filter = link.filter;
  }
}
