import assert from 'node:assert/strict';
import { loadConnections } from '../../src/config/load_connections.js';
import { UsageError } from '../../src/config/usage_error.js';

const load = (...argv: readonly string[]): Record<string, unknown> => ({ ...loadConnections(argv, 'HINT') });
const pick = (loaded: Record<string, unknown>, ...names: readonly string[]): unknown[] => names.map((name) => loaded[name]);

describe('httplog connections: the command line', () => {
  const FILES = ['file', 'connectionsLog', 'processesLog'] as const;
  const LOGNET = ['/var/log/netlog/connections.log', '/var/log/netlog/processes.log'] as const;
  for (const [argv, files] of [
    [[], ['', ...LOGNET]],
    [['-d', '-'], ['', ...LOGNET]],
    [['-w', 'x.log'], ['x.log', ...LOGNET]],
    [['-d', '/logs'], ['/logs/connections.log', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-o', 'json'], ['/logs/connections.json', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs/', '-o', 'ecs'], ['/logs/connections.ecs.json', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-o', 'conmon'], ['/logs/connections.csv', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-w', 'a/b.log'], ['/logs/a/b.log', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-w', '/other/b.log'], ['/other/b.log', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-o', 'lognet'], ['', '/logs/connections.log', '/logs/processes.log']],
    [['-d', '/logs', '-o', 'lognet', '-clog', 'c', '-plog', '/p'], ['', '/logs/c', '/p']],
  ] as const) {
    it(`finds its files: ${argv.join(' ') || 'no option'}`, () => assert.deepEqual(pick(load(...argv), ...FILES), files));
  }

  it('takes a relative -d from where it was started', () => {
    assert.deepEqual(pick(load('-d', 'logs'), 'file'), [`${process.cwd()}/logs/connections.log`]);
  });

  for (const [argv, words] of [
    [['-d', '-', '-o', 'lognet'], /^option -d: - is standard output, and -o lognet has two files; wanted a directory$/],
    [['-d', '-', '-w', 'x'], /^options -d - and -w: standard output or a file, not both$/],
    [['-d', '-', '-max_bytes', '1K'], /^option --max-bytes: goes with a file, -w or -d/],
    [['-d', ' '], /^option -d: cannot use ' '; wanted a directory, or - for standard output$/],
    [['-d', '/logs', '-o', 'lognet', '-backup_count', '3'], /^option --backup-count: goes with a file/],
    [['-d', '/logs', '-o', 'lognet', '-clog', 'x', '-plog', './x'], /^options --clog and --plog: name two files$/],
    [['-u', 'root'], /^option -u: cannot use 'root'; wanted the name or number of a user who is not root$/],
    [['-u', '0'], /^option -u: cannot use '0'; wanted/],
    [['-h=maybe'], /^option -h: cannot use 'maybe'; wanted on or off$/],
    [['-clog'], /^option --clog needs a value: FILE \(one that begins with a dash is written --clog=VALUE\)$/],
    [['-omit_self_conn'], /^unknown option '-omit_self_conn'; did you mean --omit-self-conns\?$/],
    [['--omit-self-conns', 'off'], /^'off' belongs to no option; did you mean --omit-self-conns=off\?$/],
    [['-u'], /^option -u needs a value: USER/],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => assert.throws(() => load(...argv), (error: Error) => error instanceof UsageError && words.test(error.message)));
  }

  it('knows help that is asked for from help that is not', () => {
    assert.equal(loadConnections(['-h'], 'HINT'), undefined);
    assert.notEqual(loadConnections(['-h=off'], 'HINT'), undefined);
  });

  it('rotates the file of -d', () => {
    assert.deepEqual(pick(load('-d', '/logs', '-max_bytes', '1M', '-backup_count', '3'), 'maxBytes', 'backupCount'), [1 << 20, 3]);
  });
});
