import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { readAddress } from '../../src/host/addresses.js';
import { readLink } from '../../src/host/links.js';
import { forEachAttribute, forEachMessage } from '../../src/host/netlink.js';
import { RouteSocket } from '../../src/host/route_socket.js';

const LITTLE = endianness() === 'LE';

/** Bytes of u8, u16 and u32 fields in this machine's order: [width, value] pairs. */
function fields(...pairs: readonly (readonly [number, number])[]): number[] {
  return pairs.flatMap(([width, value]) => {
    const bytes = new DataView(new ArrayBuffer(width));
    if (width === 1) bytes.setUint8(0, value);
    if (width === 2) bytes.setUint16(0, value, LITTLE);
    if (width === 4) bytes.setUint32(0, value, LITTLE);
    return [...new Uint8Array(bytes.buffer)];
  });
}

function attribute(type: number, value: readonly number[]): number[] {
  const padding = new Array<number>((4 - (value.length % 4)) % 4).fill(0);
  return [...fields([2, value.length + 4], [2, type]), ...value, ...padding];
}

function message(type: number, body: readonly number[]): number[] {
  return [...fields([4, body.length + 16], [2, type], [2, 0], [4, 7], [4, 0]), ...body];
}

const view = (bytes: readonly number[]): DataView => new DataView(Uint8Array.from(bytes).buffer);
const text = (value: string): number[] => [...Buffer.from(`${value}\0`)];

const LINK = [...fields([1, 0], [1, 0], [2, 1], [4, 3], [4, 0x49], [4, 0]), ...attribute(1, [1, 2, 3, 4, 5, 6]), ...attribute(3, text('eth7'))];
const IPV4 = [...fields([1, 2], [1, 24], [1, 0], [1, 0], [4, 3]), ...attribute(1, [10, 0, 0, 2]), ...attribute(2, [10, 0, 0, 1])];
const IPV6 = [...fields([1, 10], [1, 64], [1, 0], [1, 0], [4, 3]), ...attribute(1, [0xfe, 0x80, ...new Array<number>(13).fill(0), 9])];

describe('rtnetlink messages', () => {
  it('are walked whole, with type, body, flags and sequence', () => {
    const bytes = [...message(16, LINK), ...message(20, IPV4)];
    const seen: number[][] = [];
    forEachMessage(view(bytes), bytes.length, (type, at, end, flags, sequence) => seen.push([type, at, end, flags, sequence]));
    assert.deepEqual(seen, [[16, 16, 16 + LINK.length, 0, 7], [20, 32 + LINK.length, bytes.length, 0, 7]]);
  });

  it('stay inside their bytes at every truncation', () => {
    const bytes = [...message(16, LINK), ...message(20, IPV4)];
    for (let length = 0; length < bytes.length; length++) {
      const seen: number[] = [];
      forEachMessage(view(bytes.slice(0, length)), length, (_, at, end) => seen.push(at, end));
      assert.equal(seen.length, length < LINK.length + 16 ? 0 : 2);
    }
  });

  it('with a length of nothing or too much end the walk', () => {
    for (const wrong of [0, 15, 0xffffffff]) {
      const bytes = [...fields([4, wrong], [2, 16], [2, 0], [4, 0], [4, 0]), ...LINK];
      forEachMessage(view(bytes), bytes.length, () => assert.fail('visited'));
      const broken = [...fields([2, wrong & 0xffff], [2, 3]), 1, 2, 3];
      if (wrong !== 15) forEachAttribute(view(broken), 0, broken.length, () => assert.fail('visited'));
    }
  });

  it('of a link give its index, name and flags', () => {
    assert.deepEqual(readLink(view(LINK), 0, LINK.length), { index: 3, name: 'eth7', up: true, running: true, loopback: true });
  });

  it('of an IPv4 address give the local end, not the peer', () => {
    assert.deepEqual(readAddress(view(IPV4), 0, IPV4.length), { link: 3, bytes: Uint8Array.of(10, 0, 0, 1), prefix: 24 });
  });

  it('of an IPv6 address give the address', () => {
    const address = readAddress(view(IPV6), 0, IPV6.length);
    assert.deepEqual([address?.bytes.length, address?.bytes[15], address?.prefix], [16, 9, 64]);
  });

  it('of links and addresses that are cut off give nothing, or what was whole', () => {
    const wholeLink = LINK.length - 3; // padding behind the name
    for (let length = 0; length <= LINK.length; length++) {
      assert.equal(readLink(view(LINK.slice(0, length)), 0, length)?.name, length < wholeLink ? undefined : 'eth7');
    }
    for (let length = 0; length <= IPV4.length; length++) {
      const expected = length < 16 ? undefined : length < IPV4.length ? 2 : 1; // the peer until the local end is there
      assert.equal(readAddress(view(IPV4.slice(0, length)), 0, length)?.bytes[3], expected);
    }
    for (let length = 0; length < IPV6.length; length++) {
      assert.equal(readAddress(view(IPV6.slice(0, length)), 0, length), undefined);
    }
  });

  it('of other families, and of prefixes too long, are no addresses', () => {
    const other = [...fields([1, 7], [1, 8], [2, 0], [4, 3]), ...attribute(1, [1, 2, 3, 4])];
    assert.equal(readAddress(view(other), 0, other.length), undefined);
    const long = [...fields([1, 2], [1, 33], [2, 0], [4, 3]), ...attribute(1, [1, 2, 3, 4])];
    assert.equal(readAddress(view(long), 0, long.length), undefined);
  });

  it('that the kernel refuses are an error', () => {
    const socket = new RouteSocket(0);
    assert.throws(() => socket.dump(9999, () => undefined, () => undefined), /rtnetlink refuses with error \d+/);
    socket.close();
  });
});
