// pcap-parser brings no types; this is the part the tests use.
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events';

  export interface Packet {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }

  /** Emits `packet` (Packet), `end`, `error`. */
  export function parse(path: string): EventEmitter;
}
