import assert from 'node:assert/strict';
import { MessageLimit } from '../../src/pipeline/message_limit.js';

describe('pipeline: message limit', () => {
  let told: string[];
  let limit: MessageLimit;
  beforeEach(() => {
    told = [];
    limit = new MessageLimit((text, level, times) => told.push(`${level} ${times} ${text}`));
  });
  const shown = (texts: readonly string[], nowMs: number): number => texts.filter((text) => limit.allows(text, 'warn', nowMs)).length;
  const numbered = (count: number): string[] => Array.from({ length: count }, (_, number) => `eth${number}: down for the ${number}th time`);

  it('shows ten a minute of those that differ in figures alone, and tells how many it did not', () => {
    assert.equal(shown(numbered(35), 0), 10);
    assert.deepEqual(told, []);
    assert.equal(shown(numbered(35), 59_999), 0);
    assert.equal(shown(['eth0: down for the 1th time'], 60_000), 1);
    assert.deepEqual(told, ['warn 60 eth34: down for the 34th time']);
    limit.flush();
    assert.equal(told.length, 1, 'nothing is told twice');
  });

  it('keeps kinds and levels apart', () => {
    assert.equal(shown(numbered(20), 0), 10);
    assert.equal(shown(Array<string>(20).fill('another'), 0), 10);
    assert.ok(limit.allows('another', 'error', 0));
  });

  it('takes messages for one kind that are said to have one form', () => {
    const names = Array.from({ length: 20 }, (_, number) => `veth${String.fromCharCode(97 + number)}`);
    assert.equal(names.filter((name) => limit.allows(`${name}: opened`, 'info', 0, 'opened')).length, 10);
  });

  it('tells at the end what is not told yet', () => {
    shown(numbered(12), 0);
    limit.flush();
    assert.deepEqual(told, ['warn 2 eth11: down for the 11th time']);
  });

  it('is bounded: kinds beyond the 256th share what one may say', () => {
    const kinds = Array.from({ length: 5000 }, (_, number) => `veth${'x'.repeat(number)}: opened`);
    assert.equal(shown(kinds, 0), 256 + 10);
    assert.equal(shown(kinds, 60_000), 256 + 10);
    assert.deepEqual(told.map((line) => line.slice(0, 14)), ['warn 4734 veth']);
  });
});
