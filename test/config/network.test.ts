import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { formatAddress, formatNetwork, parseAddress, parseNetwork } from '../../src/config/network.js';

describe('config/network', () => {
  const canonical: [string, string][] = [
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of equal runs
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['0001:0002:0003:0004:0005:0006:0007:0008', '1:2:3:4:5:6:7:8'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ];
  for (const [text, wanted] of canonical) {
    it(`${text} is ${wanted}`, () => {
      const bytes = parseAddress(text);
      assert.ok(bytes);
      assert.equal(bytes.length, isIP(text) === 4 ? 4 : 16);
      assert.equal(formatAddress(bytes), wanted);
      assert.deepEqual(parseAddress(wanted), bytes);
    });
  }

  const wrong = [
    '', '1', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.', '.1.2.3', '1.2.3.4 ', ' 1.2.3.4', '0x1.2.3.4', '-1.2.3.4', '1e1.2.3.4',
    ':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '1::2::3', ':1::', '1::2:', '12345::', 'g::',
    '::1%eth0', 'fe80::1%lo', '1.2.3.4::', '::1.2.3.4:5', '::256.1.1.1', '::1.2.3', '[::1]', 'localhost', '::\0',
  ];
  for (const text of wrong) {
    it(`${JSON.stringify(text)} is no address`, () => assert.equal(parseAddress(text), undefined));
  }

  it('agrees with node:net on every prefix and every doubling of valid addresses', () => {
    for (const [text] of canonical) {
      for (let end = 0; end <= text.length; end++) {
        for (const candidate of [text.slice(0, end), text.slice(end), `${text.slice(0, end)}:${text.slice(end)}`, `${text.slice(0, end)}.${text.slice(end)}`]) {
          assert.equal(parseAddress(candidate) !== undefined, isIP(candidate) !== 0, candidate);
        }
      }
    }
  });

  const networks: [string, string][] = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['192.168.255.255/17', '192.168.128.0/17'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
    ['::1/128', '::1'],
    ['::1/127', '::/127'],
    ['ffff::/0', '::/0'],
  ];
  for (const [text, wanted] of networks) {
    it(`${text} is the network ${wanted}`, () => {
      const network = parseNetwork(text);
      assert.ok(network);
      assert.equal(formatNetwork(network), wanted);
    });
  }

  it('clears exactly the bits behind every prefix length', () => {
    for (const [text, bits] of [['255.255.255.255', 32], ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 128]] as const) {
      for (let prefix = 0; prefix <= bits; prefix++) {
        const network = parseNetwork(`${text}/${prefix}`);
        assert.ok(network);
        const binary = Array.from(network.bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
        assert.equal(binary, '1'.repeat(prefix) + '0'.repeat(bits - prefix));
        assert.equal(network.prefix, prefix);
      }
    }
  });

  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '/8', '10.0.0.0/255.0.0.0', '10/8', '::/1e1']) {
    it(`${text} is no network`, () => assert.equal(parseNetwork(text), undefined));
  }
});
