// Which interfaces are sources: the named ones, or for `any` every one that is up. One that vanishes or goes down is drained
// and closed; it is opened again when it is back.

import type { Link } from '../host/links.js';
import type { LinkRegistry } from '../ring/link_table.js';
import { MAX_SOURCES, type SourceBoard } from '../ring/source_board.js';
import { LiveSource } from './live_source.js';
import type { CaptureReport } from './messages.js';
import { FilterError, type HandleSurroundings, type OpenOptions, UnsuitableInterface, openInterface } from './open_interface.js';
import { SourceError } from './source.js';

const ANY = 'any';
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** What became of an interface that is wanted and not open. */
interface Waiting {
  /** when to try again, by performance.now(); Infinity: not while it stays as it is */
  retryMs: number;
  delayMs: number;
  /** the last reason told, so that it is told once */
  reason: string;
}

export class LiveSources {
  /** every source there has been, by row */
  readonly all: LiveSource[] = [];
  /** `any` was asked for */
  readonly any: boolean;
  private readonly names: ReadonlySet<string>;
  private readonly waiting = new Map<string, Waiting>();

  /** @param interfaces names, or `any` alone */
  constructor(
    interfaces: readonly string[],
    private readonly options: OpenOptions,
    private readonly board: SourceBoard,
    private readonly links: LinkRegistry,
    private readonly surroundings: HandleSurroundings,
    private readonly report: CaptureReport,
  ) {
    this.names = new Set(interfaces);
    this.any = this.names.has(ANY);
  }

  /** Sources with a handle. */
  get open(): LiveSource[] {
    return this.all.filter((source) => source.open);
  }

  /**
   * Opens what there is at the start. Named interfaces must all open; of `any`, one.
   * @returns false when that failed: each reason has been reported, nothing is open
   */
  start(links: readonly Link[]): boolean {
    const failures = this.any ? this.startAny(links) : this.startNamed(links);
    for (const failure of failures) {
      const usage = failure instanceof FilterError;
      this.report({ type: 'failed', text: failure.message, ...(usage ? { usage } : {}) });
    }
    if (failures.length > 0) for (const source of this.all) source.detach();
    return failures.length === 0;
  }

  private startNamed(links: readonly Link[]): SourceError[] {
    const failures: SourceError[] = [];
    for (const name of this.names) {
      const link = links.find((candidate) => candidate.name === name);
      const failure =
        link === undefined ? new SourceError(`${name}: no such interface; there are ${nameList(links)}`) : this.openOne(link);
      if (failure !== undefined) failures.push(failure);
    }
    return failures;
  }

  private startAny(links: readonly Link[]): SourceError[] {
    const up = links.filter((link) => link.up);
    if (up.length === 0) return [new SourceError(`${ANY}: no interface is up; there are ${nameList(links)}`)];
    const failures: SourceError[] = [];
    for (const link of up) {
      const failure = this.openOne(link);
      if (failure === undefined) continue;
      failures.push(failure);
      this.postpone(link.name, failure);
    }
    if (this.open.length === 0) return failures.slice(0, 1);
    for (const { message } of failures) this.report({ type: 'warning', text: `${message}; left out of ${ANY}` });
    return [];
  }

  /** Follows the links: to be called when they changed, and now and then for what waits to be tried again. */
  follow(links: readonly Link[], nowMs: number): void {
    const byName = new Map(links.map((link) => [link.name, link]));
    for (const source of this.open) {
      const link = byName.get(source.name);
      if (source.draining || (link?.up === true && link.index === source.link)) continue;
      source.stopIntake();
      const what = link === undefined ? 'the interface vanished' : link.up ? 'the interface was replaced' : 'the interface went down';
      if (!this.any) this.report({ type: 'warning', text: `${source.name}: ${what}; waiting for it to come back` });
    }
    for (const name of this.waiting.keys()) if (byName.get(name)?.up !== true) this.waiting.delete(name);
    for (const link of links) {
      if (!link.up || (!this.any && !this.names.has(link.name))) continue;
      if (this.source(link.name)?.open === true || (this.waiting.get(link.name)?.retryMs ?? 0) > nowMs) continue;
      this.tryAgain(link);
    }
  }

  private tryAgain(link: Link): void {
    const before = this.source(link.name) !== undefined;
    const failure = this.openOne(link);
    if (failure === undefined) {
      this.waiting.delete(link.name);
      if (before && !this.any) this.report({ type: 'notice', text: `${link.name}: capture resumed` });
      return;
    }
    if (this.waiting.get(link.name)?.reason !== failure.message) this.report({ type: 'warning', text: failure.message });
    this.postpone(link.name, failure);
  }

  private postpone(name: string, failure: SourceError): void {
    const delayMs = Math.min(LAST_RETRY_MS, (this.waiting.get(name)?.delayMs ?? FIRST_RETRY_MS / 2) * 2);
    const retryMs = failure instanceof UnsuitableInterface ? Infinity : performance.now() + delayMs;
    this.waiting.set(name, { retryMs, delayMs, reason: failure.message });
  }

  /** A source's handle cannot go on: it is drained, closed, and opened again later. */
  broke(source: LiveSource, failure: SourceError): void {
    if (source.draining) return; // what made it drain has been told
    source.stopIntake();
    this.report({ type: 'warning', text: `${failure.message}; trying to resume` });
    this.postpone(source.name, failure);
  }

  /** Closes a source; its numbers stay. */
  detach(source: LiveSource): void {
    const lost = source.detach();
    if (lost === 0) return;
    this.report({ type: 'warning', text: `${source.name}: ${lost} frames were left in the kernel's buffer; they count as dropped` });
  }

  private source(name: string): LiveSource | undefined {
    return this.all.find((source) => source.name === name);
  }

  private openOne(link: Link): SourceError | undefined {
    const known = this.source(link.name) ?? (this.all.length < MAX_SOURCES ? undefined : closedLongest(this.all));
    if (known === undefined && this.all.length === MAX_SOURCES) {
      return new UnsuitableInterface(`${link.name}: not captured: ${MAX_SOURCES} interfaces at once are the most`);
    }
    try {
      const warn = (text: string): void => this.report({ type: 'warning', text });
      const { handle, filter, kernelFilters, bufferBytes } = openInterface(link, this.options, this.surroundings, warn);
      const source = known ?? new LiveSource(this.all.length, link.name, this.links, this.board);
      if (known === undefined) this.all.push(source);
      else if (source.name !== link.name) source.rename(link.name);
      source.attach(handle, link.index, kernelFilters);
      this.report({
        type: 'opened',
        row: source.row,
        name: link.name,
        linkType: handle.linkType,
        way: handle.way,
        ...(bufferBytes === undefined ? {} : { bufferBytes }),
        filter,
        timestampPrecision: handle.nanoseconds ? 'ns' : 'us',
      });
      return undefined;
    } catch (error) {
      if (error instanceof SourceError) return error;
      throw error;
    }
  }
}

/**
 * The source whose row a new interface takes once there are as many as can be: a host that makes and removes containers all day
 * sees more names than rows.
 * @returns undefined when all are open
 */
export function closedLongest<Source extends Pick<LiveSource, 'open' | 'closedMs'>>(sources: readonly Source[]): Source | undefined {
  let longest: Source | undefined;
  for (const source of sources) {
    if (!source.open && (longest === undefined || source.closedMs < longest.closedMs)) longest = source;
  }
  return longest;
}

function nameList(links: readonly Link[]): string {
  return links.map((link) => link.name).join(', ');
}
