// A thread that makes few objects takes hours to touch V8's whole space for new ones: memory that seems to leak. It has to be small.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixturePath } from '../support/fixtures.js';
import { httplog, withDirectory } from '../support/httplog.js';
import { probed } from '../support/new_space_probe.js';

/** Two halves of 1 MiB; V8's own limit is 16 MiB each. */
const MOST_BYTES = 2 << 20;

describe('run: memory of its threads', () => {
  it('the space for new objects stays small in main, the capture thread and parsing workers', async () => {
    await withDirectory((directory) => {
      const { status, stderr } = httplog(['-r', fixturePath('post-chunked.pcap'), '-cpu', '2'], { env: probed(directory) });
      assert.equal(status, 0, stderr);
      const sizes = readdirSync(directory).map((thread) => Number(readFileSync(join(directory, thread), 'utf8')));
      assert.equal(sizes.length, 4, 'threads');
      assert.ok(sizes.every((bytes) => bytes > 0 && bytes <= MOST_BYTES), `bytes a thread: ${sizes.join(', ')}`);
    });
  });
});
