// The command's answers that need no capture: what it prints where, and its exit codes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from '../support/command.js';
import { fixturePath } from '../support/fixtures.js';
import { HTTPLOG, httplog, withDirectory } from '../support/httplog.js';

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** Usage errors are one line, exit 2, and name what is wrong. */
function refused(args: readonly string[], ...naming: RegExp[]): void {
  const { status, stdout, stderr } = httplog(args);
  assert.equal(status, 2, `${args.join(' ')}: ${stderr}`);
  assert.equal(stdout, '');
  assert.equal(lines(stderr).length, 1, stderr);
  for (const words of [/^httplog: /, ...naming]) assert.match(stderr, words);
}

describe('the command: answers and exit codes', function () {
  this.timeout(180_000);

  it('-h, -v and -D print to standard output and exit 0', () => {
    const answers = ['-h', '--help', '-v', '-D'].map((option) => httplog([option]));
    for (const { status, stderr } of answers) assert.deepEqual([status, stderr], [0, '']);
    const [help, , version, list] = answers.map(({ stdout }) => stdout);
    assert.match(help, /-log_split/);
    const { version: number } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.equal(version, `httplog ${number}\n`);
    const names = command(['ip', '-o', 'link']).trim().split('\n').map((line) => line.split(': ')[1].split('@')[0]);
    for (const name of names) assert.match(list, new RegExp(`^ *\\d+ ${name} `, 'm'));
  });

  it('a wrong option, value or word is named, with what is accepted, exit 2', () => {
    refused(['-nonsense'], /-nonsense/);
    refused(['-p', 'http', '-r', fixturePath('vlan.pcap')], /-p/, /http/);
    refused(['-p', '99999'], /99999/);
    refused(['-o', 'xml'], /-o/, /text/, /json/);
    refused(['-c', 'many'], /-c/);
    refused(['-i', 'lo', '-r', fixturePath('vlan.pcap')], /-i/, /-r/);
    refused(['-r'], /-r/);
    refused(['-local', '300.1.1.1'], /-local/, /300\.1\.1\.1/);
  });

  it('a CPU profile that cannot be written is told before the work: one line, exit 1', () => {
    for (const workers of ['1', '2']) {
      const { status, stdout, stderr } = httplog(['-r', fixturePath('vlan.pcap'), '-cpuprofile', '/nonexistent/x', '-cpu', workers]);
      assert.deepEqual([status, stdout, lines(stderr).length], [1, '', 1], stderr);
      assert.match(stderr, /^httplog: cannot write the CPU profile: .*\/nonexistent\/x.*-cpuprofile$/m);
    }
  });

  it('options of one dash, two dashes, underscores, hyphens and equals signs mean the same', async () => {
    await withDirectory((directory) => {
      const names = [['-log_split'], ['--log_split'], ['--log-split'], ['-log_split=on']].map((option, index) => {
        const log = join(directory, String(index));
        const { status, stderr } = httplog(['--r', fixturePath('vlan.pcap'), `-d=${log}`, '--p=80', ...option]);
        assert.equal(status, 0, stderr);
        return command(['ls', log]);
      });
      assert.match(names[0], /^http-CQ-\d{8}\.log\nhttp-CR-\d{8}\.log\n$/);
      assert.equal(new Set(names).size, 1);
    });
  });

  it('-t prints every value and where it came from; a wrong file is named with its line, exit 2', async () => {
    await withDirectory((directory) => {
      const conf = join(directory, 'httplog.conf');
      writeFileSync(conf, '# ours\nHTTPLOG_PORT="8000-8100"\nOPTIONS="none of ours"\n', { mode: 0o644 });
      const env = { HTTPLOG_SNAPLEN: '200' };
      const good = httplog(['-t', '-conf', conf, '-o', 'json'], { env });
      assert.equal(good.status, 0, good.stderr);
      for (const words of [/8000-8100.*httplog\.conf/, /200.*HTTPLOG_SNAPLEN/, /json.*-o/]) assert.match(good.stdout, words);
      writeFileSync(conf, 'HTTPLOG_PORT=80\nHTTPLOG_PROT=81\n');
      const bad = httplog(['-t', '-conf', conf]);
      assert.deepEqual([bad.status, lines(bad.stderr).length], [2, 1], bad.stderr);
      assert.match(bad.stderr, /httplog\.conf line 2: .*HTTPLOG_PROT/);
    });
  });

  it('an implicit configuration file that others can write is refused', async () => {
    await withDirectory((directory) => {
      const conf = join(directory, 'httplog.conf');
      writeFileSync(conf, 'HTTPLOG_PORT=80\n');
      command(['chmod', '666', conf]);
      const { status, stderr } = tryCommand(['env', '--chdir', directory, HTTPLOG, '-t']);
      assert.equal(status, 2, stderr);
      assert.match(stderr, /httplog\.conf/);
    });
  });

  it('works through a link, from another directory', async () => {
    await withDirectory((directory) => {
      command(['ln', '-s', HTTPLOG, join(directory, 'linked')]);
      const { status, stdout } = tryCommand(['env', '--chdir', directory, join(directory, 'linked'), '-v']);
      assert.deepEqual([status, stdout], [0, httplog(['-v']).stdout]);
    });
  });

  it('a reader of -h that leaves early is no error', () => {
    const { stdout } = tryCommand(['sh', '-c', `exec 3>&1; { '${HTTPLOG}' -h; echo "exit $?" >&3; } | head -n 1`]);
    assert.match(stdout, /^exit 0$/m);
    assert.match(stdout, /^httplog: one line/m);
  });
});
