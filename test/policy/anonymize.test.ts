import assert from 'node:assert/strict';
import { formatAddress } from '../../src/config/network.js';
import { ethernetFrame, ipv4Packet, ipv6Packet, tcpSegment } from '../support/packets.js';
import { policyOf, recordOf } from './support.js';

const GET = 'GET / HTTP/1.1\r\nHost: 192.0.2.80\r\n\r\n';
const frame4 = ethernetFrame(0x0800, ipv4Packet(tcpSegment(GET)));
const frame6 = ethernetFrame(0x86dd, ipv6Packet(tcpSegment(GET)));

/** Source and destination as the record shows them. */
function shown(frame: Uint8Array, ipv4: number, ipv6: number): string[] {
  const view = recordOf(frame);
  const before = frame.slice();
  policyOf({ anonymize: { ipv4, ipv6 } }).hide(view);
  assert.deepEqual(frame, before, 'the frame is left alone');
  const text = (at: number): string => formatAddress(view.addressBytes.subarray(at, at + view.frame.addressLength));
  return [text(view.source), text(view.destination)];
}

describe('policy: -anonymize', () => {
  it('cuts addresses to their prefixes', () => {
    assert.deepEqual(shown(frame4, 24, 48), ['10.0.0.0', '192.0.2.0']);
    assert.deepEqual(shown(frame6, 24, 48), ['2001:db8::', '2001:db8::']);
    assert.deepEqual(shown(frame6, 24, 122), ['2001:db8::', '2001:db8::40']);
  });

  it('at every length', () => {
    for (let bits = 0; bits <= 32; bits++) {
      const number = bits === 0 ? 0 : (0xc0000250 & (-1 << (32 - bits))) >>> 0;
      assert.equal(shown(frame4, bits, 0)[1], [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.'), String(bits));
    }
    assert.deepEqual(shown(frame6, 0, 0), ['::', '::']);
    assert.deepEqual(shown(frame6, 0, 128), ['2001:db8::1', '2001:db8::50']);
    assert.deepEqual(shown(frame4, 32, 0), ['10.0.0.1', '192.0.2.80']);
  });

  it('after rules and sampling have seen the real ones', () => {
    const policy = policyOf({ include: ['addr=10.0.0.1'], anonymize: { ipv4: 8, ipv6: 8 } });
    const view = recordOf(frame4);
    const first = policy.leftOut(view);
    policy.hide(view);
    assert.notEqual(policy.leftOut(view), first);
  });
});
