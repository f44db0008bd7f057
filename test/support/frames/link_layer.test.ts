import assert from 'node:assert/strict';
import { TPID, join, withFamily, withTags, withTrailer, withoutEthernet } from './link_layer.js';

const ADDRESSES = [2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2];
const PACKET = [0x45, 1, 2, 3, 4];
const FRAME = Uint8Array.from([...ADDRESSES, 0x08, 0x00, ...PACKET]);
const FRAME6 = Uint8Array.from([...ADDRESSES, 0x86, 0xdd, 0x60]);

describe('test support: link layers', () => {
  it('puts tags between addresses and EtherType', () => {
    const made = withTags(FRAME, [{ tpid: TPID.SERVICE, vlan: 0xfff, priority: 7 }, { tpid: TPID.CUSTOMER, vlan: 7 }]);
    assert.deepEqual(made, Uint8Array.from([...ADDRESSES, 0x88, 0xa8, 0xef, 0xff, 0x81, 0x00, 0, 7, 0x08, 0x00, ...PACKET]));
  });

  it('replaces the Ethernet header', () => {
    assert.deepEqual(withoutEthernet(FRAME), Uint8Array.from(PACKET));
    assert.deepEqual(withFamily(FRAME, false), Uint8Array.from([2, 0, 0, 0, ...PACKET]));
    assert.deepEqual(withFamily(FRAME6, true), Uint8Array.from([0, 0, 0, 28, 0x60]));
  });

  it('leaves out frames without a whole Ethernet header, at every length', () => {
    for (let length = 0; length <= FRAME.length; length++) {
      const cut = FRAME.subarray(0, length);
      const made = [withTags(cut, [{ tpid: TPID.CUSTOMER, vlan: 1 }]), withoutEthernet(cut), withFamily(cut, false)];
      const lengths = made.map((bytes) => bytes?.length);
      assert.deepEqual(lengths, length < 14 ? [undefined, undefined, undefined] : [length + 4, length - 14, length - 10]);
    }
  });

  it('adds trailers without touching the frame', () => {
    assert.deepEqual(withTrailer(FRAME, Uint8Array.of(9)), join(FRAME, Uint8Array.of(9)));
  });
});
