// -f on replay: the expression becomes one program for each link type, before the first frame is read.

import type { BpfProgram } from '../wire/bpf.js';
import { LINK_TYPES } from '../wire/layers.js';
import { FilterSyntaxError } from './source.js';

/** Programs by LINKTYPE_ number. A link type that the expression does not fit has none: no frame of it passes. */
export type ReplayFilters = ReadonlyMap<number, BpfProgram>;

/** Ethernet, which every expression is first tried on: its error is the one the user sees. */
const LINKTYPE_ETHERNET = 1;
const SNAPLEN = 262144;

/**
 * Compiles an expression for every link type that is understood.
 * @throws FilterSyntaxError with libpcap's words when it compiles for none; SourceError when there is no libpcap
 */
export async function compileReplayFilters(expression: string): Promise<ReplayFilters> {
  const { compileForReplay } = await import('./compile.js');
  const programs = new Map<number, BpfProgram>();
  let refusal: FilterSyntaxError | undefined;
  for (const linkType of new Set([LINKTYPE_ETHERNET, ...LINK_TYPES])) {
    try {
      programs.set(linkType, compileForReplay(expression, linkType, SNAPLEN));
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined && programs.size === 0) throw refusal;
  return programs;
}
