import assert from 'node:assert/strict';
import { normaliseArgv, parseArgv } from '../../src/config/argv.js';
import { OPTION_ROWS } from '../../src/config/table.js';
import { usageMessage } from './surroundings_for_tests.js';

describe('config/argv', () => {
  const normal: [string[], string[]][] = [
    [[], []],
    [['-log_split'], ['--log_split=on']],
    [['--log_split'], ['--log_split=on']],
    [['--log-split'], ['--log_split=on']],
    [['-log-split'], ['--log_split=on']],
    [['-log_split=false'], ['--log_split=false']],
    [['--log-split=true'], ['--log_split=true']],
    [['-p', '80'], ['--p=80']],
    [['-p=80'], ['--p=80']],
    [['--p=80'], ['--p=80']],
    [['--p', '80'], ['--p=80']],
    [['-c', '-1'], ['--c=-1']],
    [['-s', '-0'], ['--s=-0']],
    [['-c=-1'], ['--c=-1']],
    [['-d', '-'], ['--d=-']],
    [['-d=-x'], ['--d=-x']],
    [['-d='], ['--d=']],
    [['-d', ''], ['--d=']],
    [['-f', 'tcp[13] = 2'], ['--f=tcp[13] = 2']],
    [['-f=a=b=c'], ['--f=a=b=c']],
    [['-f', 'two\nlines'], ['--f=two\nlines']],
    [['-f=two\nlines'], ['--f=two\nlines']],
    [['-promisc', 'off', '-cpu', '2'], ['--promisc=off', '--cpu=2']],
    [['-cpuprofile', 'x'], ['--cpuprofile=x']],
    [['-r', '-'], ['--r=-']],
    [['-r', 'a.pcap', 'b.pcap', '-p', '80'], ['--r=a.pcap', '--r=b.pcap', '--p=80']],
    [['-r=a', 'b', '-utc'], ['--r=a', '--r=b', '--utc=on']],
    [['-r', 'a', '-', 'b'], ['--r=a', '--r=-', '--r=b']],
    [['-r', './-x'], ['--r=./-x']],
    [['-r', '--', '-x', '--'], ['--r=-x', '--r=--']],
    [['-r', 'a', '--', '-x'], ['--r=a', '--r=-x']],
    [['-r', 'a', '-p', '80', '--', '-x'], ['--r=a', '--p=80', '--r=-x']],
    [['-r', 'a', '-r', 'b'], ['--r=a', '--r=b']],
    [['-p', '80', '--'], ['--p=80']],
    [['-D', '-d', 'x'], ['--D=on', '--d=x']],
    [['-v'], ['--v=on']],
    [['--help'], ['--h=on']],
    [['-version'], ['--v=on']],
  ];
  for (const [argv, wanted] of normal) {
    it(`reads ${JSON.stringify(argv)}`, () => assert.deepEqual(normaliseArgv(argv), wanted));
  }

  it('keeps the last of repeated options, and collects -r and -i', () => {
    const words = parseArgv(['-p', '1', '-r', 'a', '-p', '2', '-i', 'x', '-r', 'b', 'c', '-i', 'y,z', '-utc', '-utc=off']);
    assert.deepEqual(Object.fromEntries(words), { p: ['2'], r: ['a', 'b', 'c'], i: ['x', 'y,z'], utc: ['off'] });
  });

  it('hands every value of every option through as it is, whichever way it is written', () => {
    const hostile = ['x', '', '-', '=', '--', '-p', '--p=1', 'a b', '\n', '\x1b[2J', 'é', "'", '"', '\\', '-1'];
    for (const row of OPTION_ROWS) {
      for (const value of hostile) {
        for (const dashed of new Set([`-${row.name}`, `--${row.name}`, `--${row.name.replaceAll('_', '-')}`])) {
          assert.deepEqual(parseArgv([`${dashed}=${value}`]), new Map([[row.name, [value]]]));
          const alone = row.kind === 'value' && (value.length < 2 || !value.startsWith('-') || value === '-1');
          if (alone) assert.deepEqual(parseArgv([dashed, value]), new Map([[row.name, [value]]]));
        }
      }
    }
  });

  const refused: [string[], RegExp][] = [
    [['eth0'], /^'eth0' belongs to no option; httplog -h/],
    [['capture.pcap'], /^'capture\.pcap' belongs to no option; did you mean -r FILE\?/],
    [['dir/x'], /did you mean -r FILE/],
    [['-'], /^'-' belongs to no option; did you mean -r FILE/],
    [[''], /^'' belongs to no option/],
    [['-p', '80', '8080'], /^'8080' belongs to no option/],
    [['-p', '80', '--', '-x'], /^'-x' belongs to no option/],
    [['-log_split', 'off'], /^'off' belongs to no option; did you mean -log_split=off\?/],
    [['-log_spit'], /^unknown option '-log_spit'; did you mean -log_split\?/],
    [['-promics', 'on'], /did you mean -promisc\?/],
    [['-prom=on'], /^unknown option '-prom=on'; did you mean -promisc\?/],
    [['--interface'], /^unknown option '--interface'; httplog -h lists/],
    [['-p80'], /^unknown option '-p80'; did you mean -p\?/],
    [['-columns', 'a'], /^unknown option '-columns'/],
    [['-x', 'nobody'], /^unknown option '-x'/],
    [['-Log_split'], /did you mean -log_split/],
    [['-__proto__'], /^unknown option/],
    [['-constructor=1'], /^unknown option/],
    [['---p', '80'], /^unknown option '---p'/],
    [['--=x'], /^unknown option/],
    [['-=x'], /^unknown option|belongs to no option/],
    [['-\x1b[2J\n'], /^unknown option '-\\x1b\[2J\\x0a'/],
    [[`-${'x'.repeat(100000)}`], /^unknown option '-x+…' \(100001 characters\)/],
    [['-p'], /^option -p needs a value: PORTS/],
    [['-d', '-log_split'], /^option -d needs a value: DIR .*-d=VALUE/],
    [['-d', '--'], /^option -d needs a value/],
    [['-r'], /^option -r needs a value: FILE… \(a file named -x is written \.\/-x\)/],
    [['-r', '-p', '80'], /^option -r needs a value/],
    [['-r', '--'], /^option -r needs a value/],
  ];
  for (const [argv, message] of refused) {
    it(`refuses ${JSON.stringify(argv).slice(0, 60)}`, () => assert.match(usageMessage(() => parseArgv(argv)), message));
  }
});
