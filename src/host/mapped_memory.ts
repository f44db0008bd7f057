// Views of memory that another thread of this process has mapped. A view keeps nothing alive: whoever mapped the memory unmaps
// it only when no thread reads there any more (docs/decisions/afpacket.md).

import { errnoText, mapAnonymous, memoryAt, unmap } from './libc.js';

/** More than there are interfaces on most machines; beyond that they are made anew. */
const MOST_VIEWS = 256;

const views = new Map<number, Uint8Array>();

/**
 * A view of mapped memory, kept by its address: where something else was mapped at the same address since, the old view is as
 * good, for it is nothing but address and length.
 * @param address in this process
 */
export function mappedView(address: number, bytes: number): Uint8Array {
  const known = views.get(address);
  if (known !== undefined && known.length === bytes) return known;
  if (views.size >= MOST_VIEWS) views.clear();
  const view = memoryAt(BigInt(address), bytes);
  views.set(address, view);
  return view;
}

/** Memory in which a kernel's buffer can be made up. */
export interface OwnMemory {
  /** in this process; mappedView() gives the same bytes */
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Nobody may read there after this. */
  unmap(): void;
}

/** Maps memory of this process's own. @throws Error when there is none */
export function mapOwnMemory(bytes: number): OwnMemory {
  const pointer = mapAnonymous(bytes);
  if (pointer === null) throw new Error(`no memory could be mapped: ${errnoText()}`);
  const address = Number(pointer);
  return { address, bytes: mappedView(address, bytes), unmap: () => void unmap(pointer, bytes) };
}
