// What one client gets of everything that is published: every event, or a line that tells how many are missing at its place.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ClientQueue } from '../../src/processes/client_queue.js';
import { eventLine, readEvents } from '../support/event_server.js';

const LIMIT = 2000;
const lostLine = (count: number): Uint8Array => Buffer.from(`{"event":"lost","count":${count}}\n`);

/** What may happen to a queue: so many events in a part, so many lost before, so much taken by the socket, the socket done. */
const step = fc.oneof(
  fc.record({ push: fc.integer({ min: 1, max: 12 }), padding: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ lost: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ take: fc.integer({ min: 0, max: 1500 }) }),
  fc.constant('done' as const),
);

describe('the queue of a client', () => {
  it('tells every event or counts it exactly, at its place, whatever the schedule', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new ClientQueue(LIMIT, lostLine);
      let published = 0;
      let lostBefore = 0;
      let got = '';
      let flying: Uint8Array[] = [];
      const done = (): void => {
        got += Buffer.concat(flying).toString();
        queue.done(flying.reduce((sum, part) => sum + part.length, 0));
        flying = [];
      };
      for (const action of steps) {
        if (action === 'done') done();
        else if ('push' in action) {
          const lines = Array.from({ length: action.push }, () => eventLine(++published, action.padding));
          queue.push(Buffer.concat(lines), action.push);
        } else if ('lost' in action) {
          queue.lost(action.lost);
          lostBefore += action.lost;
        } else if (flying.length === 0) {
          flying = queue.take(action.take);
        }
        assert.ok(queue.bytes <= LIMIT + 100, `held ${queue.bytes}`);
      }
      queue.close();
      do {
        done();
        flying = queue.take(Infinity);
      } while (flying.length > 0);
      const { pids, lost } = readEvents(got);
      assert.equal(pids.length + lost, published + lostBefore);
      assert.equal(lost, queue.eventsLost + lostBefore);
      assert.deepEqual(pids, [...new Set(pids)].sort((a, b) => a - b), 'in order, none twice');
      if (lostBefore === 0) assertGaps(got, published);
    }), { numRuns: 300 });
  });

  it('takes nothing until half of it is free again', () => {
    const queue = new ClientQueue(100, lostLine);
    const part = Buffer.alloc(30, 'x');
    for (let i = 0; i < 4; i++) queue.push(part, 1);
    assert.equal(queue.eventsLost, 1);
    assert.equal(queue.take(0).length, 1);
    queue.done(30);
    queue.push(part, 1);
    assert.equal(queue.eventsLost, 2, 'there would have been room, but no half of it');
    assert.equal(queue.take(0).length, 1);
    queue.done(30);
    assert.equal(Buffer.concat(queue.take(Infinity)).toString(), `${'x'.repeat(30)}{"event":"lost","count":2}\n`);
  });

  it('tells a part that is larger than all it may hold', () => {
    const queue = new ClientQueue(100, lostLine);
    queue.push(Buffer.alloc(101), 7);
    assert.equal(Buffer.concat(queue.take(Infinity)).toString(), '{"event":"lost","count":7}\n');
  });
});

/** A line of loss stands exactly where so many events are missing. */
function assertGaps(text: string, published: number): void {
  let next = 1;
  for (const line of text.split('\n').slice(0, -1)) {
    const event = JSON.parse(line) as { event: string; pid: number; count: number };
    if (event.event === 'lost') next += event.count;
    else assert.equal(event.pid, next++);
  }
  assert.equal(next, published + 1);
}
