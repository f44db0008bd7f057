import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ProcessGuids, parseUuid } from '../../src/host/process_guid.js';

const BOOT = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'; // the name space DNS of RFC 9562

/** UUID version 5 as RFC 9562 section 5.5 makes it, with Node's SHA-1. */
function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex')).update(name).digest();
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

describe('the name of a process', () => {
  it('is the UUID that everybody makes of boot, number and start', () => {
    assert.equal(uuid5(BOOT, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2'); // RFC 9562 appendix A.4
    const guids = new ProcessGuids(`${BOOT}\n`);
    for (const [pid, start] of [[1, 0], [4194304, 99], [7, 2 ** 52], [32768, 1750000]]) assert.equal(guids.of(pid, start), uuid5(BOOT, `${pid}:${start}`));
  });

  it('is another one for another start, number or boot', () => {
    const guids = new ProcessGuids(BOOT);
    const other = new ProcessGuids(BOOT.replace('6', '7'));
    assert.equal(new Set([guids.of(1, 23), guids.of(12, 3), guids.of(1, 24), other.of(1, 23)]).size, 4);
  });

  it('takes nothing but a UUID for a boot', () => {
    for (const text of ['', 'x', BOOT.slice(1), `${BOOT}0`]) assert.throws(() => parseUuid(text), /not a UUID/);
  });
});
