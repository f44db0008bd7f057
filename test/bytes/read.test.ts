import assert from 'node:assert/strict';
import { be16, be32, le16, le32 } from '../../src/bytes/read.js';
import { SeededRandom } from '../support/random.js';

describe('bytes: reading integers', () => {
  it('agrees with DataView for all values of the highest byte and random others', () => {
    const random = new SeededRandom(1);
    for (let high = 0; high < 256; high++) {
      const bytes = Uint8Array.from([9, high, random.below(256), random.below(256), high, 9]);
      const view = new DataView(bytes.buffer);
      assert.equal(be16(bytes, 1), view.getUint16(1, false));
      assert.equal(le16(bytes, 3), view.getUint16(3, true));
      assert.equal(be32(bytes, 1), view.getUint32(1, false));
      assert.equal(le32(bytes, 1), view.getUint32(1, true));
    }
  });
});
