// Replay: the files of -r, read in the order of their times, into the batch ring.
//
// The next slot always goes to the file whose newest frame is the oldest, so that files of one time span advance side by side
// and the log writer, which merges record by record behind the watermarks, never has to hold much. A file that can be
// opened twice is looked into first and opened when its turn comes: thousands of files that follow each other never stand open
// together.

import { BatchProducer } from '../ring/batch_producer.js';
import { allocateBatchRing, STOP_REQUEST } from '../ring/batch_ring.js';
import type { LinkRegistry } from '../ring/link_table.js';
import { MAX_SOURCES, SOURCE, type SourceBoard } from '../ring/source_board.js';
import { displayName, type Stopping } from './byte_source.js';
import { isRereadable } from './byte_source_open.js';
import type { CaptureReport } from './messages.js';
import { openSavefile, READ_WAY, type SavefileSource } from './savefile.js';
import { FILL, SourceError } from './source.js';

const ACQUIRE_MS = 100;
/** Slot and index for the look at a file's first frame. */
const PEEK_BYTES = 65536;
const PEEK_FRAMES = 1;

export interface ReplayOptions {
  /** as given with -r, at least one; `-` is standard input */
  readonly files: readonly string[];
  /** bytes of a slot of the ring */
  readonly slotBytes: number;
  /** awaited before each slot: gives way to who shares the thread; default: nobody does */
  readonly turn?: () => Promise<void>;
  /** called while the bytes of a slot are on their way, for who shares the thread; default: nobody does */
  readonly meanwhile?: () => void;
}

/** A file of the replay. */
interface Track {
  readonly file: string;
  readonly row: number;
  /** undefined until its turn comes */
  source: SavefileSource | undefined;
  announced: boolean;
  /** its newest frame so far, or its first before it is opened */
  seconds: number;
  nanoseconds: number;
}

/**
 * Replays files into the ring until they end or a stop is requested; the caller then calls producer.end().
 * A file that cannot be opened or read on is reported as failed, the others go on. The last batch of each file, maybe without
 * frames, has the watermark Infinity.
 * @param producer nothing of it is open
 * @param board rows are given out from 0 in the order of the files, without those that could not be opened
 */
export async function runReplay(
  options: ReplayOptions,
  producer: BatchProducer,
  board: SourceBoard,
  links: LinkRegistry,
  report: CaptureReport,
): Promise<void> {
  await new Replay(options, producer, board, links, report).run();
}

class Replay {
  private readonly stopping: Stopping;
  private readonly tracks: Track[] = [];
  private rows = 0;

  constructor(
    private readonly options: ReplayOptions,
    private readonly producer: BatchProducer,
    private readonly board: SourceBoard,
    private readonly links: LinkRegistry,
    private readonly report: CaptureReport,
  ) {
    this.stopping = () => producer.stopRequest !== STOP_REQUEST.RUN;
  }

  async run(): Promise<void> {
    try {
      for (const file of this.options.files) await this.admit(file);
      while (this.tracks.length > 0 && (await this.acquire())) await this.advance(this.earliest());
    } finally {
      for (const track of this.tracks) this.finish(track);
    }
  }

  /** Makes a track of a file, or reports why not. */
  private async admit(file: string): Promise<void> {
    if (this.stopping()) return;
    try {
      if (this.rows === MAX_SOURCES) {
        throw new SourceError(`${displayName(file)}: not replayed: ${MAX_SOURCES} files are the most in one run`);
      }
      const track: Track = { file, row: this.rows, source: undefined, announced: false, seconds: 0, nanoseconds: 0 };
      const waits = this.options.files.length > 1 && isRereadable(file);
      if (waits) await this.peek(track);
      else track.source = await this.open(track);
      this.rows++;
      this.tracks.push(track);
      if (!(await this.acquire())) return;
      // Tells the writer, before any record comes, that this file is there and what it need not wait for.
      if (waits) this.publish(track, 1);
      else await this.advance(track);
    } catch (error) {
      this.failed(error);
    }
  }

  private open(track: Track): Promise<SavefileSource> {
    const warn = (text: string): void => this.report({ type: 'warning', text });
    const { files, slotBytes, meanwhile } = this.options;
    const beside = files.length === 1 ? READ_WAY.AHEAD : READ_WAY.BESIDE;
    return openSavefile(track.file, track.row, slotBytes, this.links, warn, this.stopping, meanwhile === undefined ? READ_WAY.HERE : beside);
  }

  /** Looks up the time of a file's first frame, with a ring of its own, and closes it again. */
  private async peek(track: Track): Promise<void> {
    const memory = allocateBatchRing(2, PEEK_BYTES, PEEK_FRAMES);
    const slot = new BatchProducer(memory);
    slot.acquire(0);
    const noWarning = (): void => undefined;
    const source = await openSavefile(track.file, track.row, PEEK_BYTES, this.links, noWarning, this.stopping);
    try {
      await source.fill(slot);
    } catch (error) {
      // It will come again, with all frames before it, when the file's turn comes.
      if (!(error instanceof SourceError)) throw error;
    } finally {
      source.close();
    }
    track.seconds = source.newestSeconds;
    track.nanoseconds = source.newestNanoseconds;
    this.announce(track, source);
  }

  /** Says that a source is there: once, as soon as its link type can be known. */
  private announce(track: Track, source: SavefileSource): void {
    if (track.announced) return;
    track.announced = true;
    this.board.set(track.row, SOURCE.BYTES_TOTAL, source.bytesTotal);
    this.board.set(track.row, SOURCE.OPEN, 1);
    this.report({ type: 'opened', row: track.row, name: source.name, linkType: source.linkType });
  }

  /** Opens a slot. @returns false when a stop is requested */
  private async acquire(): Promise<boolean> {
    await this.options.turn?.();
    while (!this.stopping()) {
      if (this.producer.acquire(ACQUIRE_MS)) return true;
    }
    return false;
  }

  /** The track to read next. */
  private earliest(): Track {
    let best = this.tracks[0];
    for (const track of this.tracks) {
      if (track.seconds < best.seconds || (track.seconds === best.seconds && track.nanoseconds < best.nanoseconds)) best = track;
    }
    return best;
  }

  /** Fills the open slot from a track and publishes what came. */
  private async advance(track: Track): Promise<void> {
    let outcome: number = FILL.END;
    let firstFrame = 1;
    try {
      track.source ??= await this.open(track);
      firstFrame = track.source.nextFrame;
      const filling = track.source.fill(this.producer);
      this.options.meanwhile?.();
      outcome = await filling;
    } catch (error) {
      this.failed(error);
    }
    this.account(track);
    if (outcome === FILL.END) this.end(track, firstFrame);
    else if (this.producer.frames > 0) this.publish(track, firstFrame);
  }

  /** Brings announcement, watermark and board up to what the source has listed. */
  private account(track: Track): void {
    const { board } = this;
    const { row, source } = track;
    if (source === undefined) return;
    this.announce(track, source);
    // Never back: the peeked time may be later than the first times of a slot that holds frames out of order.
    if (source.newestSeconds > track.seconds || (source.newestSeconds === track.seconds && source.newestNanoseconds > track.nanoseconds)) {
      track.seconds = source.newestSeconds;
      track.nanoseconds = source.newestNanoseconds;
    }
    const frames = source.nextFrame - 1;
    board.set(row, SOURCE.RECEIVED, frames);
    board.set(row, SOURCE.HANDED, frames);
    board.set(row, SOURCE.BYTES_READ, source.bytesRead);
  }

  private end(track: Track, firstFrame: number): void {
    track.seconds = Infinity;
    this.publish(track, firstFrame);
    this.tracks.splice(this.tracks.indexOf(track), 1);
    this.finish(track);
  }

  private publish(track: Track, firstFrame: number): void {
    this.producer.publish(track.row, firstFrame, track.seconds, track.nanoseconds);
  }

  private finish(track: Track): void {
    track.source?.close();
    this.board.set(track.row, SOURCE.OPEN, 0);
  }

  /** What a stop interrupted is no failure of the file. */
  private failed(error: unknown): void {
    if (!(error instanceof SourceError)) throw error;
    if (!this.stopping()) this.report({ type: 'failed', text: error.message });
  }
}
