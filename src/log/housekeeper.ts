// Keeps the log directory as -retain, -compress, -max_disk and -min_free want it, beside the writing: a look every second at the room
// there is, a look at all files once a minute, with a new day and when there is too little room. What fails is said and tried again.

import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_SECONDS, type ZoneOffset } from '../record/clock.js';
import { removeUnfinished } from './compress.js';
import { CompressTurns } from './compress_turns.js';
import { parseLogFileName } from './file_names.js';
import type { FilesInUse } from './files_in_use.js';
import { errorCode, LogError, systemLogError } from './log_error.js';
import { OpenDirectory, type Room } from './open_directory.js';
import { expiredFiles, finishedFiles, type KeptFile, removableFiles } from './retention.js';
import { type RoomLimits, RoomGate, showBytes } from './room_gate.js';
import type { WriteTotals } from './write_ledger.js';

const LOOK_MS = 1_000;
const SCAN_MS = 60_000;
/** Some file systems (btrfs) take their time to show room that a removed file gave back; and who waits for room need not look every second. */
const SETTLE_MS = 5_000;
/** Of the time, at most one part in so many goes into looking at files. */
const SCAN_SHARE = 20;
/** Files that a scan removes at most; the next one goes on. */
const MOST_REMOVALS = 200;
const STOP_MS = 1_000;
/** Trouble of one kind is said this often. */
const COMPLAIN_MS = 3_600_000;

export interface RetentionOptions extends RoomLimits {
  /** files of days further back are removed; 0: none is */
  readonly retainDays: number;
  readonly compress: boolean;
  /** of the names' days */
  readonly zone: ZoneOffset;
  readonly say: (text: string, level: 'info' | 'warn') => void;
  /** default: the clocks of this machine */
  readonly clocks?: Clocks;
}

export interface Clocks {
  /** milliseconds since 1970 */
  wallMs(): number;
  monotonicMs(): number;
}

const SYSTEM_CLOCKS: Clocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const NO_ROOM_KNOWN: Room = { freeBytes: 0, totalBytes: 0 };

export interface KeptDirectory {
  /** absolute */
  readonly path: string;
  /** of the files being written */
  readonly periodSeconds: number;
  readonly inUse: FilesInUse;
  readonly totals: WriteTotals;
}

export class Housekeeper {
  private readonly gate: RoomGate;
  private readonly compressing: CompressTurns;
  private readonly clocks: Clocks;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private closed = false;
  private clean = false;
  private scannedMs = -Infinity;
  private scannedDay = -1;
  private scanNotBeforeMs = -Infinity;
  /** bytes of all log files when last looked at, and what had been written by then */
  private logBytes = 0;
  private writtenBytes = 0;
  /** lines lost when writing stopped for want of room */
  private lostBefore = 0;
  private readonly complainedMs = new Map<string, number>();

  constructor(private readonly directory: KeptDirectory, private readonly options: RetentionOptions) {
    this.gate = new RoomGate(options);
    this.clocks = options.clocks ?? SYSTEM_CLOCKS;
    this.compressing = new CompressTurns({
      directory: directory.path,
      inUse: directory.inUse,
      monotonicMs: () => this.clocks.monotonicMs(),
      onFailure: (name, error) => this.complain('compress', name, error),
    });
  }

  /** Whether there is no room for further lines. */
  get isFull(): boolean {
    return this.gate.reason !== undefined;
  }

  /** Looks at once, and from then on every second. */
  start(): void {
    void this.look();
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** Never rejects; one at a time. Compressing goes on behind it: see compressed(). */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().catch((error: unknown) => this.complain('look after', this.directory.path, error)).finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** Resolves when no file is being compressed. */
  compressed(): Promise<void> {
    return this.compressing.done();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.looking;
    // A thread that waits for a slow disk must not hold up the end; what it leaves is removed at the next start.
    await Promise.race([this.compressing.stop(), sleep(STOP_MS, undefined, { ref: false })]);
  }

  private async lookOnce(): Promise<void> {
    if (this.closed) return;
    let directory: OpenDirectory;
    try {
      directory = await OpenDirectory.open(this.directory.path);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return; // its next line makes it anew
      throw error;
    }
    try {
      if (!this.clean) await removeUnfinished(directory);
      this.clean = true;
      await this.keep(directory);
    } finally {
      await directory.close();
    }
  }

  private async keep(directory: OpenDirectory): Promise<void> {
    const nowMs = this.clocks.monotonicMs();
    const day = Math.floor(this.nowSeconds() / DAY_SECONDS);
    const room = await this.roomOf(directory);
    const logBytes = this.logBytes + this.directory.totals.bytesWritten - this.writtenBytes;
    const now = { ...room, logBytes };
    const due = nowMs - this.scannedMs >= SCAN_MS || day !== this.scannedDay || this.gate.missingBytes(now) > 0;
    if (due && nowMs >= this.scanNotBeforeMs) {
      this.scannedMs = nowMs;
      this.scannedDay = day;
      await this.scan(directory, room);
      const tookMs = this.clocks.monotonicMs() - nowMs;
      this.scanNotBeforeMs = nowMs + Math.max(this.isFull ? SETTLE_MS : LOOK_MS, tookMs * SCAN_SHARE, this.scanNotBeforeMs - nowMs);
    } else this.updateGate(now, false);
  }

  /** Removes what is too old or too much, and has the rest compressed. */
  private async scan(directory: OpenDirectory, room: Room): Promise<void> {
    const { retainDays, compress } = this.options;
    this.writtenBytes = this.directory.totals.bytesWritten;
    let files = await this.filesOf(directory);
    const nowSeconds = this.nowSeconds();
    if (retainDays > 0) {
      const expired = await this.remove(directory, expiredFiles(files, nowSeconds, retainDays));
      files = files.filter((file) => !expired.includes(file));
      this.tell(expired, `older than ${retainDays} ${retainDays === 1 ? 'day' : 'days'} (-retain)`);
    }
    const moment = { nowSeconds, periodSeconds: this.directory.periodSeconds };
    files = await this.makeRoom(directory, files, removableFiles(files, moment), room);
    if (compress) this.compressing.begin(finishedFiles(files, moment).map(({ name }) => name));
  }

  /** @returns the files that are left */
  private async makeRoom(directory: OpenDirectory, files: KeptFile[], removable: readonly KeptFile[], room: Room): Promise<KeptFile[]> {
    const total = sumBytes(files);
    const missing = this.gate.missingBytes({ ...room, logBytes: total });
    const removed = missing === 0 ? [] : await this.remove(directory, removable, missing);
    const freed = sumBytes(removed);
    this.tell(removed, 'to make room (-min_free, -max_disk)');
    const wasShort = this.gate.missingBytes({ ...room, logBytes: 0 }) > 0;
    if (wasShort && removed.length > 0) this.scanNotBeforeMs = this.clocks.monotonicMs() + SETTLE_MS;
    this.logBytes = total - freed;
    this.updateGate({ ...room, freeBytes: room.freeBytes + freed, logBytes: this.logBytes }, removed.length < MOST_REMOVALS);
    return removed.length === 0 ? files : files.filter((file) => !removed.includes(file));
  }

  /**
   * Removes files in their order, unless they are in use.
   * @param wantedBytes stops when that many have gone
   * @returns those that are gone
   */
  private async remove(directory: OpenDirectory, files: readonly KeptFile[], wantedBytes = Infinity): Promise<KeptFile[]> {
    const removed: KeptFile[] = [];
    let bytes = 0;
    for (const file of files) {
      if (this.closed || bytes >= wantedBytes || removed.length === MOST_REMOVALS) break;
      try {
        if ((await this.directory.inUse.claim(file.name, () => directory.remove(file.name))) !== true) continue;
      } catch (error) {
        this.complain('remove', file.name, error);
        continue;
      }
      removed.push(file);
      bytes += file.sizeBytes;
    }
    return removed;
  }

  private async filesOf(directory: OpenDirectory): Promise<KeptFile[]> {
    const files: KeptFile[] = [];
    for (const name of await directory.files()) {
      const parsed = parseLogFileName(name);
      if (parsed === undefined) continue;
      const status = await directory.status(name);
      if (status?.isFile === true) files.push({ ...parsed, sizeBytes: status.size });
    }
    return files;
  }

  private async roomOf(directory: OpenDirectory): Promise<Room> {
    if (this.options.minFreePercent === 0) return NO_ROOM_KNOWN;
    try {
      return await directory.room();
    } catch (error) {
      this.complain('see the room of', this.directory.path, error);
      return NO_ROOM_KNOWN;
    }
  }

  private updateGate(now: Room & { logBytes: number }, exhausted: boolean): void {
    const { linesHeldBack } = this.directory.totals;
    const was = this.isFull;
    this.gate.update(now, exhausted);
    if (was === this.isFull) return;
    if (this.isFull) {
      this.lostBefore = linesHeldBack;
      this.options.say(`no room in ${this.directory.path}: ${this.gate.reason ?? ''}, and no finished log file is left to remove; `
        + 'make room: records are lost until there is some', 'warn');
    } else this.options.say(`there is room again in ${this.directory.path}: records are written again, ${linesHeldBack - this.lostBefore} were lost`, 'info');
  }

  private tell(removed: readonly KeptFile[], why: string): void {
    const [first, last] = [removed.at(0), removed.at(-1)];
    if (first === undefined || last === undefined) return;
    const names = removed.length === 1 ? first.name : `${removed.length} log files, ${first.name} to ${last.name},`;
    this.options.say(`removed ${names} ${why}: ${showBytes(sumBytes(removed))}`, 'info');
  }

  /** Once an hour for trouble of one kind: some files may have it every second. */
  private complain(what: 'look after' | 'see the room of' | 'remove' | 'compress', name: string, error: unknown): void {
    const nowMs = this.clocks.monotonicMs();
    const cause = `${what} ${errorCode(error)}`;
    if (nowMs - (this.complainedMs.get(cause) ?? -Infinity) < COMPLAIN_MS) return;
    this.complainedMs.set(cause, nowMs);
    this.options.say(error instanceof LogError ? error.message : systemLogError(`cannot ${what} ${name}`, error).message, 'warn');
  }

  private nowSeconds(): number {
    const seconds = Math.floor(this.clocks.wallMs() / 1000);
    return seconds + this.options.zone(seconds);
  }
}

function sumBytes(files: readonly KeptFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
