import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { renderEffective } from '../../src/config/effective.js';
import { Sandbox } from './surroundings_for_tests.js';

describe('config/effective', () => {
  let box: Sandbox;
  beforeEach(() => { box = new Sandbox(); });
  afterEach(() => { box.remove(); });

  /** option -> [value, origin] */
  const table = (text: string): Map<string, [string, string]> => {
    const rows = text.trimEnd().split('\n').slice(1).map((line) => /^(-\w+) +(.*?) {2,}(\S.*)$/.exec(line));
    return new Map(rows.map((match) => [match![1], [match![2], match![3]]]));
  };

  it('shows every live setting with where it came from', () => {
    box.write('sysconfig', '\n\nHTTPLOG_LOCAL=10.1.1.1/8,::1');
    const loaded = box.load(['-t', '-p', '80,8000-8100', '-log_split'], { environment: { HTTPLOG_FILTER: "port 80 and 'x'" } });
    const text = renderEffective(loaded);
    assert.equal(text.split('\n')[0], `configuration file: ${box.sysconfigPath}`);
    assert.deepEqual(Object.fromEntries(table(text)), {
      '-i': ["(eth0; if there is none, the default route's)", 'default'],
      '-promisc': ['on', 'default'],
      '-s': ['1560', 'default'],
      '-b': ['8', 'default'],
      '-capture': ['auto', 'default'],
      '-p': ['80,8000-8100', 'option -p'],
      '-f': ["'port 80 and '\\''x'\\'''", 'environment HTTPLOG_FILTER'],
      '-local': ['10.0.0.0/8,::1', `${box.sysconfigPath} line 3`],
      '-c': ['-1', 'default'],
      '-d': ['/log/httplog', 'default'], '-decap': ['(none)', 'default'],
      '-include': ['(every record)', 'default'], '-exclude': ['(none)', 'default'], '-sample': ['1', 'default'],
      '-anonymize': ['off', 'default'], '-redact': ['on', 'default'], '-rotate': ['1d', 'default'],
      '-compress': ['off', 'default'], '-retain': ['off', 'default'], '-max_disk': ['off', 'default'], '-min_free': ['5', 'default'],
      '-log_split': ['on', 'option -log_split'],
      '-o': ['text', 'default'],
      '-fields': ['all', 'default'],
      '-headers': ['(none)', 'default'],
      '-add_vlan': ['off', 'default'],
      '-add_community_id': ['off', 'default'],
      '-proc': ['off', 'default'],
      '-utc': ['off', 'default'],
      '-cpu': ['2', 'default'],
      '-u': ['(none)', 'default'],
      '-cpuprofile': ['(none)', 'default'],
      '-log_every': ['10000', 'default'],
      '-metrics': ['(none)', 'default'],
      '-log_level': ['info', 'default'],
    });
  });

  it('shows what counts on replay, and nothing else', () => {
    const text = renderEffective(box.load(['-t', '-r', 'a b', 'c']));
    assert.match(text, /^configuration file: none \(replay reads only a file named with -conf\)\n/);
    const rows = table(text);
    assert.deepEqual(rows.get('-r'), ["'a b' c", 'option -r']);
    assert.deepEqual(rows.get('-local'), ['(none)', 'default']);
    assert.deepEqual(rows.get('-f'), ['(built from -p)', 'default']);
    assert.deepEqual(rows.get('-d'), ['-', 'default']);
    for (const live of ['-i', '-promisc', '-s', '-b', '-capture', '-retain', '-compress', '-max_disk', '-min_free']) assert.ok(!rows.has(live));
  });

  it("shows hostile values so that a terminal is safe and bash reads them back", () => {
    for (const value of ["it's", 'a b', '$x', '\x1b[2J', "a\n'b'\\", '\u202e', '\x9b', 'é', '*', '-x']) {
      const text = renderEffective(box.load([`-d=${value}`]));
      assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u);
      const word = table(text).get('-d')![0];
      assert.equal(spawnSync('bash', ['-c', `printf -- %s ${word}`], { encoding: 'utf8' }).stdout, value);
    }
  });
});
