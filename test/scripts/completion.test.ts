// What the shells offer: the built completions, asked through the shells themselves.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN_COMMAND, SHELLS, type Shell } from '../../src/cli/commands.js';
import { TUNNELS } from '../../src/wire/encap.js';
import { command, tryCommand } from '../support/command.js';
import { httplog } from '../support/httplog.js';

const SCRIPTS: Readonly<Record<Shell, string>> = Object.fromEntries(SHELLS.map((shell) => [shell, httplog(['completion', shell]).stdout])) as Record<Shell, string>;

/** Asks a shell what it offers behind each line typed, in a folder. */
type Ask = (lines: readonly string[], folder: string) => string[][];

/** bash's own splitting of the words is not done for a function that is called: here the equals sign is split off, as it would. */
const askBash: Ask = (lines, folder) => {
  const script = `${SCRIPTS.bash}
    while IFS= read -r line; do
      read -ra COMP_WORDS <<<"$\{line//=/ = }"
      if [[ $line == *' ' || $line == *= && $line != *-*=* ]]; then COMP_WORDS+=(''); fi
      COMP_CWORD=$(($\{#COMP_WORDS[@]} - 1)) COMPREPLY=()
      _httplog
      printf '%s\\n' "$\{COMPREPLY[@]}" "-- $line"
    done`;
  return answers(command(['env', '-C', folder, 'bash', '--norc', '-c', script], lines.join('\n') + '\n'), lines);
};

const askFish: Ask = (lines, folder) => {
  const script = `${SCRIPTS.fish}\nwhile read -l line; complete -C $line | string replace -r '\\t.*' ''; echo "-- $line"; end`;
  return answers(command(['env', '-C', folder, `HOME=${folder}`, 'fish', '--no-config', '-c', script], lines.join('\n') + '\n'), lines);
};

/**
 * Through a terminal, as zsh completes only there: Ctrl-D lists what there is, Ctrl-U wipes the line. Before its prompt stands
 * there, both keys are the terminal's own.
 */
const askZsh: Ask = (lines, folder) => {
  writeFileSync(join(folder, '_httplog'), SCRIPTS.zsh);
  const script = `
    zmodload zsh/zpty
    zpty z 'TERM=dumb zsh -f -i'
    zpty -w z 'stty columns 200 rows 200; unset zle_bracketed_paste; PS1=@@; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=0; echo rea""dy'
    zpty -r z out '*ready*@@*'
    number=0
    while IFS= read -r line; do
      zpty -n -w z "$line"$'\\C-d\\C-u'
      zpty -w z "echo do\\"\\"ne$((++number))."
      zpty -r z out "*done$number.*@@*"
      print -r -- "$out"
      print -r -- "-- $line"
    done
    zpty -d z`;
  const output = command(['env', '-C', folder, 'zsh', '-f', '-c', script], lines.join('\n') + '\n').replaceAll('\r', '');
  rmSync(join(folder, '_httplog'));
  // What was typed is echoed; of a description only its word counts.
  return answers(output, lines).map((shown) => shown
    .filter((line) => !line.startsWith('httplog ') && !line.includes('@@') && !/^done\d/.test(line))
    .flatMap((line) => line.replace(/ +-- .*/, '').trim().split(/ {2,}/)).filter((word) => word !== ''));
};

/** The lines in front of each `-- line`. */
function answers(output: string, lines: readonly string[]): string[][] {
  let rest = output;
  return lines.map((line) => {
    const end = rest.indexOf(`-- ${line}\n`);
    assert.notEqual(end, -1, `no answer to ${line} in: ${output}`);
    const answer = rest.slice(0, end).split('\n').filter((text) => text !== '');
    rest = rest.slice(end + line.length + 4);
    return answer;
  });
}

for (const [shell, ask, whole] of [['bash', askBash, true], ['zsh', askZsh, false], ['fish', askFish, true]] as const) {
  describe(`completion for ${shell}`, function () {
    this.timeout(180_000);
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'httplog-completion-'));
      mkdirSync(join(folder, 'captures'));
      for (const name of ['monday.pcap', 'monday.pcapng.gz', 'monday.txt', 'other.bin']) writeFileSync(join(folder, 'captures', name), '');
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });
    /** The list items in front of the last comma, and the folder, where the shell gives whole words. */
    const behind = (prefix: string, words: readonly string[]): string[] => words.map((word) => (whole ? prefix + word : word)).sort();
    /** @param expected what it offers, by the line typed */
    const offers = (expected: Readonly<Record<string, readonly string[]>>): void => {
      const lines = Object.keys(expected);
      ask(lines, folder).forEach((offered, at) => assert.deepEqual(offered.sort(), [...expected[lines[at]]].sort(), lines[at]));
    };

    it('is what the build made, and has no mistake of syntax', () => {
      const file = join(folder, 'script');
      writeFileSync(file, SCRIPTS[shell]);
      assert.deepEqual(tryCommand([shell, '-n', file]), { status: 0, stdout: '', stderr: '' });
      rmSync(file);
    });

    it('offers every option, with one dash and with two', () => {
      const names = MAIN_COMMAND.rows.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
      const [one, two] = ask(['httplog -', 'httplog --'], folder);
      for (const name of names) {
        assert.ok(one.includes(`-${name}`), `-${name} in ${one.join(' ')}`);
        if (name.length > 1) assert.ok(two.includes(`--${name}`), `--${name} in ${two.join(' ')}`);
      }
      offers({
        'httplog -utc -log': ['-log_every', '-log_level', '-log_split'],
      });
    });

    it('offers the values that are known', () => {
      offers({
        'httplog -o ': ['text', 'tsv', 'json', 'ecs'],
        'httplog -o t': ['text', 'tsv'],
        'httplog -utc -capture ': ['auto', 'afpacket', 'libpcap'],
        'httplog -decap ': ['all', ...TUNNELS],
      });
    });

    it('completes the last item of a list', () => {
      offers({
        'httplog -decap gre,vx': behind('gre,', ['vxlan']),
      });
      offers({
        'httplog -i nosuch0,any,l': behind('nosuch0,any,', ['lo']),
      });
    });

    it('offers captures behind -r, as many as there are', () => {
      const captures = behind('captures/', ['monday.pcap', 'monday.pcapng.gz']);
      offers({
        'httplog -r captures/m': captures,
        'httplog -r a.pcap captures/m': captures,
        'httplog -r captures/o': behind('captures/', ['other.bin']),
        'httplog -r a.pcap -o j': ['json'],
      });
    });

    it('offers directories behind -d', () => {
      const [offered] = ask(['httplog -d c'], folder);
      assert.deepEqual(offered.map((name) => name.replace(/\/$/, '')), ['captures']);
    });

    it('offers commands as the first word only, and their own words behind them', () => {
      offers({
        'httplog comp': ['completion'],
        'httplog -o json comp': [],
        'httplog completion ': SHELLS,
      });
      assert.ok(!ask(['httplog completion -'], folder)[0].includes('-log_split'));
    });
  });
}

describe('httplog completion', () => {
  it('names the shells it knows', () => {
    for (const [args, words] of [[['csh'], /'csh'/], [[], /wanted/], [['bash', 'zsh'], /'bash zsh'/]] as const) {
      const { status, stdout, stderr } = httplog(['completion', ...args]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^httplog: httplog completion: .*wanted one shell: bash, zsh, fish.*\n$/);
      assert.match(stderr, words);
    }
  });

  it('says how to use it', () => {
    const { status, stdout } = httplog(['completion', '-h']);
    assert.equal(status, 0);
    for (const shell of SHELLS) assert.ok(stdout.includes(`httplog completion ${shell}`), stdout);
    assert.match(httplog(['-h']).stdout, /httplog completion SHELL/);
  });
});
