import assert from 'node:assert/strict';
import { defaultInterface, defaultRouteInterface, listInterfaces, parseIpv4Route, parseIpv6Route } from '../../src/host/interfaces.js';

const IPV4_TABLE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
slow0\t00000000\t0102A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0
fast0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
down0\t00000000\t0102A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0
half0\t00000000\t0102A8C0\t0003\t0\t0\t1\t00000080\t0\t0\t0
lan0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
const zeros = '0'.repeat(32);
const IPV6_TABLE = `20010db8000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001   lan0
${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 wide0
${zeros} 00 ${zeros} 00 ${zeros} 00000001 00000001 00000000 00200200       lo
`;

describe('the interfaces', () => {
  it('are listed with loopback and its addresses', () => {
    const loopback = listInterfaces().find((each) => each.name === 'lo');
    assert.equal(loopback?.index, 1);
    assert.equal(loopback.loopback, true);
    assert.ok(loopback.addresses.includes('127.0.0.1/8'));
    assert.match(loopback.description, /^up, running, loopback$/);
  });

  it('have a default that exists', () => {
    const name = defaultInterface();
    assert.ok(name === undefined || listInterfaces().some((each) => each.name === name));
  });

  it('lead out by the default route of the lowest metric that is up', () => {
    assert.equal(defaultRouteInterface(IPV4_TABLE, parseIpv4Route), 'fast0');
    assert.equal(defaultRouteInterface(IPV6_TABLE, parseIpv6Route), 'wide0');
  });

  it('lead nowhere without a table, or with one that is cut off', () => {
    assert.equal(defaultRouteInterface('', parseIpv4Route), undefined);
    for (let length = 0; length < IPV6_TABLE.indexOf('wide0'); length++) {
      assert.equal(defaultRouteInterface(IPV6_TABLE.slice(0, length), parseIpv6Route), undefined);
    }
  });
});
