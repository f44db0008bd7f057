// -f on replay: the expression becomes one program for each link type, before the first frame is read.

import type { BpfProgram } from '../wire/bpf.js';
import { LINK_TYPES } from '../wire/layers.js';
import { FilterSyntaxError } from './source.js';

/** The programs for frames of one link type. */
export interface ReplayFilter {
  readonly program: BpfProgram;
  /** BSD loopback: for frames of a host of the other byte order */
  readonly swapped?: BpfProgram;
}

/** Filters by LINKTYPE_ number. A link type that the expression does not fit has none: no frame of it passes. */
export type ReplayFilters = ReadonlyMap<number, ReplayFilter>;

/** Ethernet, which every expression is first tried on: its error is the one the user sees. */
const LINKTYPE_ETHERNET = 1;
/** The address family at the head of each frame is in the byte order of the host that captured it. */
const LINKTYPE_NULL = 0;
const SNAPLEN = 262144;

/**
 * Compiles an expression for every link type that is understood.
 * @throws FilterSyntaxError with libpcap's words when it compiles for none; SourceError when there is no libpcap
 */
export async function compileReplayFilters(expression: string): Promise<ReplayFilters> {
  const { compileForReplay } = await import('./compile.js');
  const filters = new Map<number, ReplayFilter>();
  let refusal: FilterSyntaxError | undefined;
  for (const linkType of new Set([LINKTYPE_ETHERNET, ...LINK_TYPES])) {
    try {
      filters.set(linkType, {
        program: compileForReplay(expression, linkType, SNAPLEN),
        ...(linkType === LINKTYPE_NULL ? { swapped: compileForReplay(expression, linkType, SNAPLEN, true) } : {}),
      });
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined && filters.size === 0) throw refusal;
  return filters;
}
