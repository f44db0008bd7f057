import assert from 'node:assert/strict';
import { EXAMPLES, renderHelp, renderOptionReference } from '../../src/config/help.js';
import { OPTION_ROWS } from '../../src/config/table.js';
import { Sandbox } from './surroundings_for_tests.js';

describe('config/help', () => {
  it('lists every option once, single-dashed, with its meaning, default and key', () => {
    const help = renderHelp(100);
    const flowing = help.replaceAll(/\s+/g, ' ');
    for (const row of OPTION_ROWS) {
      assert.equal(help.split(new RegExp(`^  -${row.name}[ \n]`, 'm')).length, 2, row.name);
      assert.ok(flowing.includes(row.help), row.name);
      if (row.default !== '') assert.ok(flowing.includes(`(default: ${row.default})`), row.name);
      if (row.key !== undefined) assert.ok(flowing.includes(`${row.key} (-${row.name})`), row.name);
    }
  });

  it('has the options of this version and no others', () => {
    assert.deepEqual(OPTION_ROWS.map((row) => row.name).sort(), [
      'D', 'add_community_id', 'add_vlan', 'anonymize', 'b', 'c', 'capture', 'compress', 'conf', 'cpu', 'cpuprofile', 'd', 'decap', 'exclude', 'f', 'fields', 'h', 'headers', 'i', 'include', 'local', 'log_every', 'log_level', 'log_split', 'max_disk', 'metrics', 'min_free', 'o', 'p', 'proc', 'promisc', 'r', 'redact', 'retain', 'rotate', 's', 'sample', 't', 'u', 'utc', 'v',
    ]);
    const names = OPTION_ROWS.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[A-Za-z][a-z_]*$/);
  });

  it('fits the columns it is given, up to 100, and aligns the texts', () => {
    for (const width of [80, 90, 100, 200, Infinity]) {
      const lines = renderHelp(width).split('\n');
      for (const line of lines.slice(lines.findIndex((text) => text === 'Capture:'), lines.indexOf('Examples:'))) {
        assert.ok(line.length <= Math.min(width, 100), `${width}: ${line}`);
      }
      for (const line of lines) assert.ok(line.length <= 100 && line === line.trimEnd(), line);
      const starts = lines.filter((line) => /^ {2}-\w+(?: \S+)? {2,}\S/.test(line)).map((line) => /^ {2}-\w+(?: \S+)? {2,}/.exec(line)?.[0].length);
      assert.equal(new Set(starts).size, 1);
    }
    assert.ok(renderHelp(1).split('\n').length > renderHelp(100).split('\n').length);
    for (const none of [undefined, 0]) assert.equal(renderHelp(none), renderHelp(100));
  });

  it('shows examples that work', () => {
    const box = new Sandbox();
    try {
      box.write('example.conf', '');
      assert.ok(EXAMPLES.length >= 5);
      for (const { command } of EXAMPLES) {
        assert.ok(renderHelp(100).includes(`\n  ${command}\n`));
        const words = command.slice(command.indexOf('httplog ') + 'httplog '.length).match(/'[^']*'|\S+/g) ?? [];
        const argv = words.map((word) => word.replaceAll("'", '')).map((word) => (word === '/etc/sysconfig/httplog' ? 'example.conf' : word));
        assert.match(box.load(argv).action, /^(?:run|check)$/, command);
      }
    } finally {
      box.remove();
    }
  });

  it('makes a Markdown table of four cells a row', () => {
    const lines = renderOptionReference().trimEnd().split('\n');
    assert.equal(lines.length, OPTION_ROWS.length + 2);
    for (const line of lines) assert.equal(line.split(/(?<!\\)\|/).length, 6, line);
    assert.ok(lines.includes('| `-p PORTS` | service ports: 80, or 80,8080, or 8000-8100 | 80 | `HTTPLOG_PORT` |'));
    assert.ok(lines.some((line) => line.startsWith('| `-promisc on\\|off` |')));
  });
});
