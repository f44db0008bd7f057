import assert from 'node:assert/strict';
import { grantedBufferBytes, mappedBytes } from '../../src/capture/granted_buffer.js';

const MAPS = `5588-5589 r--p 00000000 fe:01 393 /usr/bin/node
7f0000000000-7f0000800000 rw-s 00000000 00:08 4242                       socket:[4242]
7f0000800000-7f0000900000 rw-s 00000000 00:08 42                         socket:[42]
7f1000000000-7f1000001000 rw-s 00800000 00:08 4242                       socket:[4242]
`;

describe('the kernel buffer granted', () => {
  it('is the sum of the mappings of the socket', () => {
    assert.equal(mappedBytes(MAPS, 'socket:[4242]'), 0x801000);
    assert.equal(mappedBytes(MAPS, 'socket:[42]'), 0x100000);
  });

  it('is nothing for another socket or no listing', () => {
    assert.equal(mappedBytes(MAPS, 'socket:[4]'), 0);
    assert.equal(mappedBytes('', 'socket:[42]'), 0);
  });

  it('is unknown for a descriptor without mappings', () => {
    assert.equal(grantedBufferBytes(0), undefined);
    assert.equal(grantedBufferBytes(-1), undefined);
  });
});
