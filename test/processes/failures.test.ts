// Wrong passwords by address, in a table that has its bounds.

import assert from 'node:assert/strict';
import { countedAddress, Failures } from '../../src/processes/failures.js';

const LIMITS = { firstDelayMs: 500, most: 3, refusedMs: 60_000, addresses: 4 };

describe('the table of failures', () => {
  it('delays more each time, refuses after some, forgets after a while', () => {
    let now = 0;
    const failures = new Failures(LIMITS, () => now);
    assert.equal(failures.delayMs('a'), 0);
    assert.equal(failures.add('a'), 1);
    assert.deepEqual([failures.delayMs('a'), failures.refuses('a')], [500, false]);
    failures.add('a');
    assert.equal(failures.delayMs('a'), 1000);
    failures.add('a');
    assert.deepEqual([failures.refuses('a'), failures.refuses('b')], [true, false]);
    for (let i = 0; i < 10; i++) failures.add('a');
    assert.equal(failures.delayMs('a'), 4000, 'no longer than that');
    now = 59_999;
    assert.ok(failures.refuses('a'));
    now = 60_000;
    assert.deepEqual([failures.refuses('a'), failures.delayMs('a'), failures.size], [false, 0, 0]);
  });

  it('forgets who was right', () => {
    const failures = new Failures(LIMITS, () => 0);
    failures.add('a');
    failures.forget('a');
    assert.equal(failures.add('a'), 1);
  });

  it('keeps to its bound: the oldest failure goes', () => {
    let now = 0;
    const failures = new Failures(LIMITS, () => now++);
    for (const address of ['a', 'b', 'c', 'd', 'a', 'e']) failures.add(address);
    assert.equal(failures.size, 4);
    assert.deepEqual(['a', 'b', 'c', 'd', 'e'].map((address) => failures.delayMs(address)), [1000, 0, 500, 500, 500]);
    for (let i = 0; i < 10_000; i++) failures.add(`10.0.${i >> 8}.${i & 255}`);
    assert.equal(failures.size, 4);
  });

  it('counts IPv4 by the address and IPv6 by its /64', () => {
    for (const [address, counted] of [
      ['192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.7', '192.0.2.7'], ['::FFFF:192.0.2.7', '192.0.2.7'],
      ['2001:db8:1:2:3::4', '20010db800010002/64'], ['2001:db8:1:2:ffff::9', '20010db800010002/64'], ['fe80::1%eth0', 'fe80000000000000/64'],
    ]) assert.equal(countedAddress(address), counted);
  });
});
