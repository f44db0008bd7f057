import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { parseAssignments } from '../../src/config/shell_assignments.js';
import { usageMessage } from './surroundings_for_tests.js';

const values = (text: string): string[] => parseAssignments(text, 'f').map(({ key, value }) => `${key}=${value}`);

describe('config/shell_assignments', () => {
  const good: [string, string][] = [
    ['80', '80'],
    ['80,8080', '80,8080'],
    ['', ''],
    ['"a b"', 'a b'],
    ["'a b'", 'a b'],
    ["'a'\"b\"c", 'abc'],
    ["'$x `y` \\ \"'", '$x `y` \\ "'],
    ['"\\$x \\`y\\` \\\\ \\" \\n"', '$x `y` \\ " \\n'],
    ['a\\ b', 'a b'],
    ['\\$x\\;\\#', '$x;#'],
    ["it\\'s", "it's"],
    ['80 # a comment', '80'],
    ['80\t', '80'],
    ['80#1', '80#1'],
    ["'a#b' # c", 'a#b'],
    ['"it\'s"', "it's"],
    ["'~' ", '~'],
    ['a~b', 'a~b'],
    ['*?[x]', '*?[x]'],
    ['{a,b}', '{a,b}'],
    ['!', '!'],
    ['a=b', 'a=b'],
    ['é', 'é'],
  ];
  for (const [written, value] of good) {
    it(`reads ${written} as the shell does`, () => {
      assert.deepEqual(values(`HTTPLOG_F=${written}`), [`HTTPLOG_F=${value}`]);
      const shell = spawnSync('/bin/sh', ['-c', `HTTPLOG_F=${written}\nprintf %s "$HTTPLOG_F"`], { encoding: 'utf8' });
      assert.equal(shell.stdout, value);
    });
  }

  const refused: [string, RegExp][] = [
    ['$HOME', /\$ would be evaluated/],
    ['"$HOME"', /\$ would be evaluated/],
    ['$(id)', /\$ would be evaluated/],
    ['`id`', /` would be evaluated/],
    ['"`id`"', /` would be evaluated/],
    ["$'a'", /\$ would be evaluated/],
    ['80; rm -rf x', /; would be evaluated/],
    ['80;', /; would be evaluated/],
    ['80&', /& would be evaluated/],
    ['a|b', /\| would be evaluated/],
    ['a<b', /< would be evaluated/],
    ['a>b', /> would be evaluated/],
    ['(a)', /\( would be evaluated/],
    ['~/log', /~ would be evaluated/],
    ['a:~/log', /~ would be evaluated/],
    ['80 8080', /blanks in quotes/],
    ['80 HTTPLOG_C=1', /blanks in quotes/],
    [' 80', /blanks in quotes/],
    ["'80", /the quote ' is not closed/],
    ['"80', /the quote " is not closed/],
    ['"80\\"', /the quote " is not closed/],
    ["80'", /the quote ' is not closed/],
    ['80\\', /cannot go on in the next line/],
    ['"80\\', /cannot go on in the next line/],
    ['80\r', /CR LF/],
    ['a\0b', /NUL/],
    ['a\ufffdb', /not UTF-8/],
  ];
  for (const [written, message] of refused) {
    it(`refuses ${JSON.stringify(written)}`, () => {
      const text = usageMessage(() => values(`\n# comment\nHTTPLOG_F=${written}\n`));
      assert.match(text, message);
      assert.match(text, /^f line 3: /);
    });
  }

  for (const line of ['HTTPLOG_F = x', 'HTTPLOG_F =x', 'HTTPLOG_F', 'export HTTPLOG_F', 'HTTPLOG_F+=x', 'HTTPLOG_LOG-SPLIT=x', 'HTTPLOG_F: x']) {
    it(`refuses ${line}, and quotes it`, () => {
      assert.equal(usageMessage(() => values(`\n${line}`)), `f line 2: '${line}' is not KEY=value (no blanks around the =)`);
    });
  }

  it('never quotes a line that is not ours', () => {
    for (const line of ['root:secret:1:0', '=secret', 'readonly SECRET=secret', "A='secret", 'B=secret;secret', '\ufeffHTTPLOG_F=secret']) {
      assert.doesNotMatch(usageMessage(() => values(line)), /secret/);
    }
  });

  it('leaves keys of others alone, expansions too, and knows where their values end', () => {
    const text = 'PATH=$PATH:/opt/bin\nexport NODE_OPTIONS="$X --max-old-space-size=64" # x\nHTTPLOG=1\nhttplog_port=2\nA="`date`"\nB=~/x\nHTTPLOG_C=3';
    assert.deepEqual(values(text), ['HTTPLOG_C=3']);
  });

  it('refuses what would let another command set a key of ours', () => {
    for (const line of ['A=1; HTTPLOG_C=2', 'A=1 HTTPLOG_C=2', 'A="\nHTTPLOG_C=2"', 'A=$(x)', 'A=\\\nHTTPLOG_C=2', 'eval HTTPLOG_C=2', '. ./other']) {
      assert.match(usageMessage(() => values(line)), /^f line 1: /);
    }
  });

  it('knows blank lines, comments, indentation, export, a missing final newline, and line numbers', () => {
    const text = '\n  \t\n# HTTPLOG_C=9\n   # x "\n\texport   HTTPLOG_C=1\n  HTTPLOG_P=2\nHTTPLOG_C=3';
    assert.deepEqual(parseAssignments(text, 'f'), [
      { key: 'HTTPLOG_C', value: '1', line: 5 },
      { key: 'HTTPLOG_P', value: '2', line: 6 },
      { key: 'HTTPLOG_C', value: '3', line: 7 },
    ]);
    assert.deepEqual(values(''), []);
  });

  it('agrees with the shell on every short word of quotes and escapes it accepts', () => {
    const alphabet = ['a', "'", '"', '\\', ' ', '#', '~', ':'];
    let words = [''];
    const accepted: { written: string; value: string }[] = [];
    for (let length = 1; length <= 4; length++) {
      words = words.flatMap((word) => alphabet.map((character) => word + character));
      for (const written of words) {
        try {
          accepted.push({ written, value: parseAssignments(`HTTPLOG_F=${written}`, 'f')[0].value });
        } catch {
          // Refusing is always safe; what is accepted must mean the same to the shell.
        }
      }
    }
    const script = accepted.map(({ written }) => `HTTPLOG_F=${written}\nprintf '%s\\n' "$HTTPLOG_F"`).join('\n');
    const shell = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: { HOME: '/home' } });
    assert.deepEqual(shell.stdout.split('\n').slice(0, -1), accepted.map(({ value }) => value));
    assert.ok(accepted.length > 500);
  });

  it('survives a prefix of every length of a valid file', () => {
    const text = '# c\nexport HTTPLOG_F="a \\" b" # x\nHTTPLOG_D=\'x y\'\n';
    for (let end = 0; end <= text.length; end++) {
      try {
        assert.ok(parseAssignments(text.slice(0, end), 'f').length <= 2);
      } catch {
        assert.match(usageMessage(() => parseAssignments(text.slice(0, end), 'f')), /^f line \d: /);
      }
    }
  });
});
