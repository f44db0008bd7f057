import assert from 'node:assert/strict';
import { judge } from '../../scripts/conformance.js';

describe('the verdict on a conformance run', () => {
  it('asks nothing of captures whose link layer is not decoded yet', () => {
    const output = [
      'suri-pppoe (http80,pppoe): 2 problem(s)',
      '  frame 4: no record for GET / HTTP/1.1',
      '  frame 6: no record for HTTP/1.1 200 OK',
      '58 of 60 captures right, 300 of 302 mandatory records, 0 false positives',
    ].join('\n');
    assert.deepEqual(judge(output), {
      score: '58 of 60 captures right, 300 of 302 mandatory records, 0 false positives',
      required: [],
      notYet: ['suri-pppoe'],
    });
  });

  it('requires every other capture, tunnels included', () => {
    const output = [
      'zeek-tfo (http80,tfo): 1 problem(s)',
      '  exit 1: (mpls): 1 problem(s)',
      'zeek-geneve (http80,tunnel): 1 problem(s)',
      '  frame 9: false positive {}',
      '57 of 60 captures right, 300 of 302 mandatory records, 1 false positives',
    ].join('\n');
    assert.deepEqual(judge(output).required, ['zeek-tfo', 'zeek-geneve']);
  });

  it('has no score when the check broke off', () => {
    assert.equal(judge('zeek-tfo (http80,tfo): 1 problem(s)\n').score, undefined);
  });
});
