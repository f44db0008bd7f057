// What the fuzzer starts from: the fixtures, and other captures where they lie.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadFixtures, fixturePath } from '../support/fixtures.js';
import { type Frame, readPcap } from '../support/frames/pcap_file.js';

/** Read in place where it is there, never copied: real captures of every kind of trouble. */
const CORPUS = '../shared/conformance/corpus/pcaps';
/** A mutation of a large file costs as much as of many small ones. */
const LARGEST_BYTES = 64_000;

export interface Seeds {
  /** whole files */
  readonly files: readonly Uint8Array[];
  /** frames of those that are pcap, with their link type */
  readonly captures: readonly { readonly linkType: number; readonly frames: readonly Frame[] }[];
}

/** The seeds; from the project's root, where tests and scripts run. */
export function loadSeeds(): Seeds {
  const fixtures = loadFixtures().map(({ file }) => fixturePath(file));
  const others = existsSync(CORPUS) ? readdirSync(CORPUS).toSorted().map((file) => join(CORPUS, file)) : [];
  const files = [...fixtures, ...others].map((path) => new Uint8Array(readFileSync(path))).filter(({ length }) => length <= LARGEST_BYTES);
  const plain = files.map((file) => (isGzip(file) ? new Uint8Array(gunzipSync(file)) : file));
  return { files: [...plain, ...files.filter(isGzip)], captures: plain.filter(isPcap).map((file) => readPcap(file)).filter(({ frames }) => frames.length > 0) };
}

function isGzip(file: Uint8Array): boolean {
  return file[0] === 0x1f && file[1] === 0x8b;
}

function isPcap(file: Uint8Array): boolean {
  const magic = new DataView(file.buffer, file.byteOffset).getUint32(0);
  return [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1].includes(magic);
}
