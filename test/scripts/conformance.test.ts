import assert from 'node:assert/strict';
import { judge } from '../../scripts/conformance.js';

const SCORE = '57 of 60 captures right, 300 of 302 mandatory records, 1 false positives';

describe('the verdict on a conformance run', () => {
  it('names every capture that is not right, and takes no problem for one', () => {
    const output = [
      'suri-pppoe (http80,pppoe): 1 problem(s)',
      '  exit 1: (mpls): 1 problem(s)',
      'zeek-geneve (http80,tunnel): 2 problem(s)',
      '  frame 9: false positive {}',
      '  frame 12: no record for GET / HTTP/1.1',
      SCORE,
    ].join('\n');
    assert.deepEqual(judge(output), { score: SCORE, wrong: ['suri-pppoe', 'zeek-geneve'] });
  });

  it('finds nothing wrong in a clean run', () => {
    assert.deepEqual(judge(`${SCORE}\n`), { score: SCORE, wrong: [] });
  });

  it('has no score when the check broke off', () => {
    assert.deepEqual(judge('zeek-tfo (http80,tfo): 1 problem(s)\n'), { score: undefined, wrong: ['zeek-tfo'] });
  });
});
