// Bytes of another source through gunzip (RFC 1952, several members one after the other). zlib works in libuv's pool while the
// capture thread walks the frames of the chunk before.

import type { TransformOptions } from 'node:stream';
import type { Gunzip, ZlibOptions } from 'node:zlib';

import { READ, type ByteSource } from './byte_source.js';
import { SourceError } from './source.js';

const INPUT_BYTES = 65536;
const OUTPUT_BYTES = 262144;

/**
 * A destroyed stream forgets what it has not handed over, so that damage would take good frames with it: with a mark of one
 * byte it decodes the next chunk only when the last one was taken.
 */
const GUNZIP_OPTIONS: ZlibOptions & TransformOptions = { chunkSize: OUTPUT_BYTES, readableHighWaterMark: 1 };

/** Whether these first bytes are a gzip member's: ID1, ID2. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

export class GzipByteSource implements ByteSource {
  cutOff = false;
  private readonly gunzip: Gunzip;
  private readonly input = new Uint8Array(INPUT_BYTES);
  private decoding = false;
  private inputEnded = false;
  private failure: NodeJS.ErrnoException | undefined;
  private chunk: Uint8Array | undefined;
  private wake: (() => void) | undefined;

  /**
   * @param compressed from now on owned by this source
   * @param name for messages
   * @param head compressed bytes already taken from it, INPUT_BYTES at most
   */
  constructor(
    private readonly compressed: ByteSource,
    private readonly name: string,
    head: Uint8Array,
  ) {
    // Loaded only here: most captures are not compressed, and every start would wait for it.
    this.gunzip = process.getBuiltinModule('node:zlib').createGunzip(GUNZIP_OPTIONS);
    const wake = (): void => this.wake?.();
    this.gunzip.on('readable', wake).on('end', wake).on('close', wake);
    this.gunzip.on('error', (error) => {
      this.failure = error;
      wake();
    });
    this.input.set(head);
    this.decode(head.length);
  }

  get bytesRead(): number {
    return this.compressed.bytesRead;
  }

  get bytesTotal(): number {
    return this.compressed.bytesTotal;
  }

  async read(into: Uint8Array, start: number, end: number): Promise<number> {
    const { gunzip } = this;
    for (;;) {
      this.chunk ??= (gunzip.read() as Uint8Array | null) ?? undefined;
      if (this.chunk !== undefined) return this.take(this.chunk, into, start, end);
      if (this.failure !== undefined) return this.failed(this.failure);
      if (gunzip.readableEnded || gunzip.destroyed) return READ.END;
      if (this.decoding || this.inputEnded) {
        await this.event();
        continue;
      }
      const got = await this.compressed.read(this.input, 0, INPUT_BYTES);
      if (got === READ.NOTHING) return READ.NOTHING;
      if (got === READ.END) {
        this.inputEnded = true;
        gunzip.end();
      } else {
        this.decode(got);
      }
    }
  }

  close(): void {
    this.gunzip.destroy();
    this.compressed.close();
  }

  private decode(length: number): void {
    this.decoding = true;
    this.gunzip.write(this.input.subarray(0, length), () => {
      this.decoding = false;
      this.wake?.();
    });
  }

  private failed(failure: NodeJS.ErrnoException): number {
    // Z_BUF_ERROR: everything was decoded and the end mark is not there.
    if (this.inputEnded && (failure as { errno?: number }).errno === process.getBuiltinModule('node:zlib').constants.Z_BUF_ERROR) {
      this.cutOff = true;
      return READ.END;
    }
    throw new SourceError(`${this.name}: damaged gzip data (${failure.message}); the frames before it were read, save the last ${OUTPUT_BYTES >> 10} KiB at most`);
  }

  private take(chunk: Uint8Array, into: Uint8Array, start: number, end: number): number {
    const count = Math.min(chunk.length, end - start);
    into.set(chunk.subarray(0, count), start);
    this.chunk = count < chunk.length ? chunk.subarray(count) : undefined;
    return count;
  }

  private event(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }
}
