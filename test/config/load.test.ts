import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { loadSettings } from '../../src/config/load.js';
import { formatNetwork } from '../../src/config/network.js';
import type { SettingName } from '../../src/config/option.js';
import { SETTING_NAMES, SETTING_ROWS } from '../../src/config/table.js';
import { thisProcess } from '../../src/config/surroundings.js';
import { ALL_COLUMNS } from '../../src/record/tsv_columns.js';
import { Sandbox, usageMessage } from './surroundings_for_tests.js';

const SWITCHES: readonly [string, string][] = [
  ['on', 'on'], ['off', 'off'], ['true', 'on'], ['false', 'off'], ['1', 'on'], ['0', 'off'], ['yes', 'on'], ['no', 'off'], ['TRUE', 'on'], ['F', 'off'],
];
const NO_SWITCHES = ['', 'maybe', '2', 'on ', 'onn', '-1', 'constructor', '__proto__'];
const NO_TEXTS = ['', ' ', '\t'];

interface Texts {
  readonly good: readonly [string, string][];
  readonly bad: readonly string[];
  /** options without which the setting has no place */
  readonly beside?: readonly string[];
}

/** Of every setting: texts that are accepted, with how the value is shown again, and texts that are not. */
const TEXTS: { readonly [Name in SettingName]: Texts } = {
  interfaces: {
    good: [['eth0', 'eth0'], ['eth0,lo', 'eth0,lo'], ['eth0, lo', 'eth0,lo'], ['any', 'any'], ['any,any', 'any'], ['lo,lo', 'lo'], ['br-1:0', 'br-1:0'],
      ['x'.repeat(127), 'x'.repeat(127)]],
    bad: ['', ',', 'eth0,', 'any,eth0', 'a b', '../x', 'x'.repeat(128), 'eth\x000', 'e\x1b'],
  },
  promiscuous: { good: SWITCHES, bad: NO_SWITCHES },
  snaplen: {
    good: [['1560', '1560'], ['1', '1'], ['262144', '262144'], ['0', '65535'], ['-1', '65535'], ['-0', '65535'], ['-9007199254740991', '65535'], ['0096', '96']],
    bad: ['', '262145', '1e3', '0x10', '1.5', ' 1', '1 ', '+1', 'all', '-', '--1', '99999999999999999999', '-99999999999999999999', '١'],
  },
  bufferMiB: { good: [['1', '1'], ['2047', '2047']], bad: ['', '0', '-1', '2048', '8M', '1.5', 'NaN', 'Infinity'] },
  capture: { good: [['auto', 'auto'], ['afpacket', 'afpacket'], ['libpcap', 'libpcap']], bad: ['', 'AFPACKET', 'af_packet', 'pcap', 'auto,libpcap', 'libpcap '] },
  files: { good: [], bad: [] },
  ports: {
    good: [['80', '80'], ['1', '1'], ['65535', '65535'], ['80,8080', '80,8080'], ['80, 8080', '80,8080'], ['8000-8100', '8000-8100'], ['80-80', '80'],
      ['1-65535', '1-65535'], ['80,80', '80,80'], ['00080', '80']],
    bad: ['', '0', '65536', '-80', '80-', '8100-8000', '0-80', '80-65536', '80,', ',80', '80,,81', 'http', '80;81', '8 0', '80-90-100', '1e2', '0x50', '99999999'],
  },
  filter: {
    good: [['tcp port 80', 'tcp port 80'], ['a\tb', 'a\tb'], ["it's", "it's"], ['é', 'é'], ['tcp[13] & 2 != 0', 'tcp[13] & 2 != 0'], ['a,b', 'a,b'], ['\\tcp', '\\tcp']],
    bad: NO_TEXTS,
  },
  local: {
    good: [['192.0.2.1', '192.0.2.1'], ['10.1.2.3/8', '10.0.0.0/8'], ['2001:DB8::1/32, ::1', '2001:db8::/32,::1'], ['0.0.0.0/0', '0.0.0.0/0']],
    bad: ['', 'localhost', '10.0.0.0/33', '10.0.0.1,', 'fe80::1%eth0', '1.2.3', '::/129', '10.0.0.0/8/8', '01.2.3.4'],
  },
  count: {
    good: [['10', '10'], ['0', '0'], ['-1', '-1'], ['-5', '-1'], ['-0', '0'], ['9007199254740991', '9007199254740991']],
    bad: ['', 'ten', '1.0', '9007199254740992', '1_000', 'Infinity', '-Infinity'],
  },
  tunnels: {
    good: [['all', 'all'], ['gre', 'gre'], ['vxlan,gre', 'gre,vxlan'], ['gre, gre', 'gre'], ['6in4,4in6,6in6,ipip', 'ipip,6in4,4in6,6in6']],
    bad: ['', 'none', 'all,gre', 'GRE', 'gre,', 'l2tp', 'erspan'],
  },
  include: {
    good: [['path=/a*', 'path=/a*'], ['host=a  path=b,c', 'host=a path=b,c'], ['status=5?? or addr=10.1.1.1/8', 'status=5?? or addr=10.0.0.0/8']],
    bad: ['', ' ', 'path', 'path=', 'port=80', 'status=5xx', 'addr=x', 'or', 'path=a or', 'path=a,'],
  },
  exclude: { good: [['method=GET,POST', 'method=GET,POST'], ['host=a', 'host=a'], ['path=/b', 'path=/b']], bad: ['', '/health', 'path=/a, path=/b', 'path=\\'] },
  sample: { good: [['1', '1'], ['10', '10'], ['2147483647', '2147483647']], bad: ['', '0', '-1', '1/10', '0.1', '2147483648'] },
  anonymize: {
    good: [['24,48', '24,48'], ['0, 0', '0,0'], ['32,128', 'off'], ['32,64', '32,64'], ['off', 'off']],
    bad: ['', '24', '24,', ',48', '33,48', '24,129', '-1,48', '24,48,8', '/24,/48', 'on'],
  },
  redact: { good: [...SWITCHES, ['query', 'query']], bad: [...NO_SWITCHES, 'all', 'QUERY'] },
  directory: { good: [['/log', '/log'], ['-', '-'], ['a b', 'a b'], ['.', '.']], bad: NO_TEXTS },
  split: { good: SWITCHES, bad: NO_SWITCHES },
  format: { good: [['text', 'text'], ['json', 'json'], ['tsv', 'tsv'], ['ecs', 'ecs']], bad: ['', 'JSON', 'xml', 'text ', 'text,json'] },
  fields: {
    good: [['all', 'all'], ['ts', 'ts'], ['host, ts', 'host,ts'], ['ts,ts', 'ts'], ['all,headers.Referer', 'all,headers.referer'], ['id.orig_h', 'id.orig_h']],
    bad: ['', 'ts,', 'TS', 'time', 'referer', 'headers.', 'headers.a b', 'none'],
    beside: ['-o', 'tsv'],
  },
  headers: {
    good: [['Referer', 'referer'], ['a, B,A', 'a,b'], ["!#$%&'*+.^_`|~", "!#$%&'*+.^_`|~"]],
    bad: ['', 'a,', 'a b', 'a:', 'é', 'none;a', '"a"', 'a'.repeat(65), Array.from({ length: 65 }, (_, number) => `a${number}`).join(',')],
    beside: ['-o', 'json'],
  },
  addVlan: { good: SWITCHES, bad: NO_SWITCHES },
  proc: { good: SWITCHES, bad: NO_SWITCHES },
  addCommunityId: { good: SWITCHES, bad: NO_SWITCHES, beside: ['-o', 'json'] },
  utc: { good: SWITCHES, bad: NO_SWITCHES },
  rotation: {
    good: [['1h', '1h'], ['100M', '100M'], ['1G,15m', '15m,1G'], ['24h', '1d'], ['1d, 1048576', '1M'], ['1440m', '1d'], ['5m', '5m'], ['60m', '1h'],
      ['8192T', '8192T'], ['1048577', '1048577'], ['1025K', '1025K']],
    bad: ['', '1', '100m', '4m', '7h', '2d', '0h', '1023K', '10Mb', '1g', '1h,2h', '1M,2M', '1h,', '1.5G', 'day', '8193T', '1h,1M,1M'],
  },
  compress: { good: SWITCHES, bad: NO_SWITCHES },
  retainDays: { good: [['1', '1'], ['36500', '36500'], ['off', 'off'], ['030', '30']], bad: ['', '0', '-1', '36501', '1.5', '30d', 'on'] },
  maxDiskBytes: {
    good: [['10G', '10G'], ['1M', '1M'], ['1048576', '1M'], ['1536M', '1536M'], ['8192T', '8192T'], ['off', 'off'], ['2048G', '2T']],
    bad: ['', '0', '1048575', '-1G', '10g', '1.5G', '10 G', '10GB', '10%', '8193T', 'on', '99999999999999999999'],
  },
  minFreePercent: {
    good: [['5', '5'], ['0', '0'], ['0.5', '0.5'], ['10%', '10'], ['99', '99'], ['00', '0'], ['7.250', '7.25']],
    bad: ['', '100', '-1', '5%%', '%', '.5', '5.', '1e1', 'off', '5 %', '1G'],
  },
  workers: { good: [['1', '1'], ['64', '64']], bad: ['', '0', '65', '-1', 'half', '1.5'] },
  user: { good: [['nobody', 'nobody'], ['65534', '65534'], ['a.b-c_d$', 'a.b-c_d$']], bad: ['', ' ', 'root', '0', '00', 'a b', 'a:b', 'e\x1b'] },
  cpuProfile: { good: [['x.cpuprofile', 'x.cpuprofile'], ['/tmp/a b', '/tmp/a b']], bad: NO_TEXTS },
  logEvery: { good: [['1', '1'], ['9007199254740991', '9007199254740991']], bad: ['', '0', '-1', '9007199254740992', 'never'] },
  metrics: {
    good: [['9464', '127.0.0.1:9464'], ['0.0.0.0:1', '0.0.0.0:1'], ['[::]:65535', '[::]:65535'], ['[2001:DB8::0:1]:80', '[2001:db8::1]:80']],
    bad: ['', ' ', ':', ':9464', '65536', '-1', '127.0.0.1', '127.0.0.1:', 'localhost:9464', '::1:9464', '[127.0.0.1]:1', '[::1]', '1.2.3:4', '*:9464', '9464/tcp'],
  },
  logLevel: { good: [['error', 'error'], ['warn', 'warn'], ['info', 'info'], ['debug', 'debug']], bad: ['', 'INFO', 'warning', 'trace', '3', 'info,debug'] },
};

function shownValue<Name extends SettingName>(box: Sandbox, setting: Name, argv: string[], environment: Record<string, string> = {}): string {
  return SETTING_ROWS[setting].show(box.load([...argv, ...TEXTS[setting].beside ?? []], { environment }).settings[setting]);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

describe('config/load', () => {
  let box: Sandbox;
  beforeEach(() => { box = new Sandbox(); });
  afterEach(() => { box.remove(); });

  it('has the defaults of the specification for live capture', () => {
    const { action, settings, origins } = box.load([]);
    assert.equal(action, 'run');
    assert.deepEqual(settings, {
      interfaces: [], promiscuous: true, files: [], ports: [{ first: 80, last: 80 }], portsGiven: false, filter: '', local: undefined,
      tunnels: [], include: [], exclude: [], sample: 1, anonymize: { ipv4: 32, ipv6: 128 }, redact: 'on', directory: '/log/httplog', split: false, format: 'text', snaplen: 1560, bufferMiB: 8, capture: 'auto', count: -1, workers: 2, user: '', cpuProfile: '',
      logEvery: 10000, metrics: { address: '', port: 0 }, logLevel: 'info', addVlan: false, addCommunityId: false, proc: false, fields: ALL_COLUMNS, headers: [], utc: false, rotation: { periodSeconds: 86400, sizeBytes: Infinity },
      compress: false, retainDays: 0, maxDiskBytes: Infinity, minFreePercent: 5,
    });
    assert.deepEqual(new Set(Object.values(origins)), new Set(['default']));
    assert.deepEqual(Object.keys(origins), SETTING_NAMES);
  });

  it('writes to standard output by default on replay', () => {
    assert.equal(box.load(['-r', 'x']).settings.directory, '-');
  });

  it('takes half of the cores, at least one and at most 64', () => {
    for (const [cores, workers] of [[1, 1], [2, 1], [3, 1], [4, 2], [9, 4], [1024, 64]]) {
      assert.equal(box.load([], { cores }).settings.workers, workers);
    }
  });

  for (const setting of SETTING_NAMES) {
    const { name, key, accepts } = SETTING_ROWS[setting];
    for (const [text, wanted] of TEXTS[setting].good) {
      it(`-${name} ${JSON.stringify(text).slice(0, 40)} is accepted in all three ways`, () => {
        assert.ok(key);
        assert.equal(shownValue(box, setting, [`-${name}=${text}`]), wanted);
        assert.equal(shownValue(box, setting, [], { [key]: text }), wanted);
        box.write('conf', `${key}=${quoted(text)}`);
        assert.equal(shownValue(box, setting, ['-conf', 'conf']), wanted);
        assert.equal(shownValue(box, setting, [`-${name}=${wanted}`]), wanted, 'what is shown can be given again');
      });
    }
    for (const text of TEXTS[setting].bad) {
      it(`-${name} ${JSON.stringify(text).slice(0, 40)} is refused in all three ways, even when another wins`, () => {
        assert.ok(key);
        const [[good]] = TEXTS[setting].good;
        const said = (message: string, where: string): void => {
          assert.ok(message.startsWith(`${where}: cannot use '`), message);
          assert.ok(message.endsWith(`; wanted ${accepts}`), message);
        };
        said(usageMessage(() => box.load([`-${name}=${text}`])), `option -${name}`);
        said(usageMessage(() => box.load([`-${name}=${good}`], { environment: { [key]: text } })), `environment ${key}`);
        if (text.includes('\0')) return;
        box.write('conf', `\n${key}=${quoted(text)}`);
        said(usageMessage(() => box.load(['-conf', 'conf', `-${name}=${good}`])), `conf line 2: ${key}`);
      });
    }

    it(`-${name}: option before environment before file before default`, () => {
      if (key === undefined) return assert.equal(setting, 'files');
      const [[first], [second, secondShown]] = [TEXTS[setting].good[0], TEXTS[setting].good[1]];
      const beside = TEXTS[setting].beside ?? [];
      box.write('httplog.conf', `# ours\n${key}=${quoted(first)}`);
      assert.equal(box.load(beside).origins[setting], './httplog.conf line 2');
      assert.equal(shownValue(box, setting, [], { [key]: second }), secondShown);
      assert.equal(box.load(beside, { environment: { [key]: second } }).origins[setting], `environment ${key}`);
      assert.equal(shownValue(box, setting, [`-${name}=${second}`], { [key]: first }), secondShown);
      assert.equal(box.load([`-${name}=${second}`, ...beside], { environment: { [key]: first } }).origins[setting], `option -${name}`);
    });
  }

  it('the keys of the specification, and the upper-case name for every other option', () => {
    const renamed = { i: 'DEVICE', s: 'SNAPLEN', b: 'BUFSIZE', f: 'FILTER', d: 'DIR', cpu: 'CPUNO', p: 'PORT' } as const;
    for (const { name, key } of Object.values(SETTING_ROWS)) {
      if (name === 'r') assert.equal(key, undefined);
      else assert.equal(key, `HTTPLOG_${(renamed as Record<string, string>)[name] ?? name.toUpperCase()}`);
    }
  });

  it('flags, collected interfaces, the last of repeated values', () => {
    const { settings } = box.load(['-log_split', '-utc=false', '--add-vlan', '-i', 'a', '-i', 'b,a', '-p', '1', '-p', '2-3']);
    assert.equal(settings.split, true);
    assert.equal(settings.utc, false);
    assert.equal(settings.addVlan, true);
    assert.deepEqual(settings.interfaces, ['a', 'b']);
    assert.deepEqual(settings.ports, [{ first: 2, last: 3 }]);
    assert.match(usageMessage(() => box.load(['-i', 'any', '-i', 'a'])), /^option -i: cannot use 'any a'; wanted .* any alone/);
  });

  it('a flag of the command line takes back what the file set', () => {
    box.write('httplog.conf', 'HTTPLOG_UTC=on');
    assert.equal(box.load([]).settings.utc, true);
    assert.equal(box.load(['-utc=false']).settings.utc, false);
  });

  it('the last assignment of a file counts, as in the shell', () => {
    box.write('httplog.conf', 'HTTPLOG_C=1\nHTTPLOG_C=2');
    const { settings, origins } = box.load([]);
    assert.equal(settings.count, 2);
    assert.equal(origins.count, './httplog.conf line 2');
  });

  const conflicts: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
    [['-fields', 'ts'], /^option -fields: goes with -o tsv; the format is text \(default\)$/],
    [['-fields', 'ts', '-o', 'ecs'], /^option -fields: goes with -o tsv; the format is ecs \(option -o\)$/],
    [['-headers', 'referer'], /^option -headers: goes with -o json or ecs; the format is text \(default\)$/],
    [['-headers', 'a,B', '-o', 'tsv'], /^option -headers: goes with -o json or ecs, tsv takes -fields all,headers\.a,headers\.b; the format is tsv/],
    [['-add_community_id'], /^option -add_community_id: goes with -o json; the format is text/],
    [['-rotate', '1h', '-d', '-'], /^option -rotate: goes with a log directory, -d DIR; records go to standard output \(option -d\)$/],
    [['-compress', '-r', 'x', '-d', 'y'], /^option -compress: goes with live capture; a replay removes and compresses no files$/],
    [['-retain', '3', '-r', 'x'], /^option -retain: goes with live capture; a replay removes/],
    [['-max_disk', '1G', '-r', 'x', '-d', 'y'], /^option -max_disk: goes with live capture/],
    [['-min_free', '0', '-r', 'x', '-d', 'y'], /^option -min_free: goes with live capture/],
    [['-retain', '3', '-d', '-'], /^option -retain: goes with a log directory, -d DIR; records go to standard output \(option -d\)$/],
    [['-max_disk', '1G', '-rotate', '1h,1G'], /^option -max_disk: 1G is not more than one file of 1h,1G \(option -rotate\)$/],
    [['-rotate', '1h', '-r', 'x'], /^option -rotate: goes with a log directory, -d DIR; records go to standard output \(default\)$/],
  ];
  for (const [argv, message] of conflicts) {
    it(`refuses what the format has no place for: ${argv.join(' ')}`, () => assert.match(usageMessage(() => box.load(argv)), message));
  }

  it('names the file in which a setting stands that the format has no place for', () => {
    box.write('httplog.conf', 'HTTPLOG_HEADERS=referer\nHTTPLOG_O=json');
    assert.deepEqual(box.load([]).settings.headers, ['referer']);
    assert.match(usageMessage(() => box.load(['-o', 'text'])), /^\.\/httplog\.conf line 1: goes with -o json or ecs; the format is text \(option -o\)$/);
  });

  it("lets a daemon's configuration of files be when records go to standard output", () => {
    box.write('httplog.conf', 'HTTPLOG_ROTATE=1h\nHTTPLOG_RETAIN=30\nHTTPLOG_COMPRESS=on\nHTTPLOG_MAX_DISK=1G\nHTTPLOG_MIN_FREE=3');
    assert.equal(box.load(['-d', '-']).settings.directory, '-');
    assert.equal(box.load(['-r', 'x', '-conf', 'httplog.conf']).settings.directory, '-');
    assert.equal(box.load(['-r', 'x', '-conf', 'httplog.conf', '-d', 'y']).settings.directory, 'y');
  });

  it('takes what changes nothing in any format', () => {
    for (const format of ['text', 'tsv', 'json', 'ecs']) {
      assert.equal(box.load(['-o', format, '-fields', 'all', '-headers', 'none', '-add_community_id=off']).settings.format, format);
    }
    for (const format of ['tsv', 'json', 'ecs']) assert.equal(box.load(['-o', format, '-add_community_id']).settings.addCommunityId, true);
  });

  it('knows whether ports were given, wherever', () => {
    assert.equal(box.load(['-f', 'tcp']).settings.portsGiven, false);
    assert.equal(box.load(['-p', '80']).settings.portsGiven, true);
    assert.equal(box.load([], { environment: { HTTPLOG_PORT: '80' } }).settings.portsGiven, true);
  });

  it('parses networks into bytes', () => {
    const { local } = box.load(['-local', '10.9.8.7/8,::1']).settings;
    assert.deepEqual(local?.map((network) => [network.bytes.length, network.prefix, formatNetwork(network)]), [[4, 8, '10.0.0.0/8'], [16, 128, '::1']]);
  });

  it('replay takes nothing from the environment or an implicit file, be they broken', () => {
    box.write('sysconfig', 'HTTPLOG_PORT=9\nrm -rf /\n');
    box.write('httplog.conf', 'HTTPLOG_NONSENSE=1');
    const loaded = box.load(['-r', 'a', '-'], { environment: { HTTPLOG_PORT: 'x', HTTPLOG_DIR: '/log', HTTPLOG_NONSENSE: '1' } });
    assert.deepEqual(loaded.settings.files, ['a', '-']);
    assert.deepEqual(loaded.settings.ports, [{ first: 80, last: 80 }]);
    assert.equal(loaded.settings.directory, '-');
    assert.equal(loaded.file, undefined);
  });

  it('replay takes a file that is named', () => {
    box.write('mine', 'HTTPLOG_DEVICE=eth7\nHTTPLOG_PORT=9\nHTTPLOG_DIR=logs');
    const { settings, origins } = box.load(['-r', 'a', '-conf', 'mine']);
    assert.deepEqual(settings.ports, [{ first: 9, last: 9 }]);
    assert.equal(settings.directory, 'logs');
    assert.equal(origins.ports, 'mine line 2');
  });

  it('refuses -i beside -r, and an empty file name', () => {
    assert.match(usageMessage(() => box.load(['-r', 'a', '-i', 'eth0'])), /^options -i and -r: .*not both$/);
    assert.match(usageMessage(() => box.load(['-r', 'a', ''])), /^option -r: cannot use 'a '; wanted names of files/);
  });

  const unknown: [string, RegExp][] = [
    ['HTTPLOG_PORR', /did you mean HTTPLOG_PORT\?$/],
    ['HTTPLOG_I', /did you mean HTTPLOG_DEVICE\?$/],
    ['HTTPLOG_CPU', /did you mean HTTPLOG_CPUNO\?$/],
    ['HTTPLOG_port', /did you mean HTTPLOG_PORT\?$/],
    ['HTTPLOG_SPLIT', /HTTPLOG_LOG_SPLIT/],
    ['HTTPLOG_R', /known are|did you mean/],
    ['HTTPLOG_CONF', /known are|did you mean/],
    ['HTTPLOG_T', /known are|did you mean/],
    ['HTTPLOG_V', /known are|did you mean/],
    ['HTTPLOG_H', /known are|did you mean/],
    ['HTTPLOG_COLUMNS', /known are|did you mean/],
    ['HTTPLOG_', /known are|did you mean/],
  ];
  for (const [key, hint] of unknown) {
    it(`refuses the key ${key} in environment and file`, () => {
      const fromEnvironment = usageMessage(() => box.load([], { environment: { [key]: '1' } }));
      assert.ok(fromEnvironment.startsWith(`environment: unknown key '${key}'; `), fromEnvironment);
      assert.match(fromEnvironment, hint);
      box.write('httplog.conf', `${key}=1`);
      const fromFile = usageMessage(() => box.load([]));
      assert.ok(fromFile.startsWith(`./httplog.conf line 1: unknown key '${key}'; `), fromFile);
    });
  }

  it('leaves other programs\' environment alone', () => {
    assert.equal(box.load([], { environment: { HTTPLOG: '1', XHTTPLOG_C: '5', PATH: '/bin', HTTPLOG_C: undefined } }).settings.count, -1);
  });

  it('shows hostile values without a byte a terminal obeys', () => {
    const message = usageMessage(() => box.load([], { environment: { 'HTTPLOG_\x1b[2J': '1' } }));
    assert.match(message, /unknown key 'HTTPLOG_\\x1b\[2J'/);
    assert.match(usageMessage(() => box.load(['-p', 'a\n\x9b\u202eb\\'])), /cannot use 'a\\x0a\\xc2\\x9b\\xe2\\x80\\xaeb\\x5c'/);
  });

  it('answers help, version and list whatever the configuration is', () => {
    box.write('httplog.conf', 'broken');
    const around = box.around({ environment: { HTTPLOG_PORT: 'x' } });
    for (const [argv, action] of [
      [['-h'], 'help'], [['--help', '-p', 'x'], 'help'], [['-v'], 'version'], [['-v', '-h'], 'help'], [['-D'], 'list'], [['-D', '-i', 'lo'], 'list'],
    ] as const) {
      assert.deepEqual(loadSettings(argv, around), { action });
    }
  });

  it('checks with -t, also a replay, and not when it is switched off', () => {
    assert.equal(box.load(['-t']).action, 'check');
    assert.equal(box.load(['-t', '-r', 'x']).action, 'check');
    assert.equal(box.load(['-t=false']).action, 'run');
    assert.match(usageMessage(() => box.load(['-t', '-p', 'x'])), /^option -p/);
    assert.match(usageMessage(() => box.load(['-t=x'])), /^option -t: cannot use 'x'; wanted on or off/);
  });

  it('the surroundings of this process are the real ones', () => {
    const { environment, cwd, cores, effectiveUid, sysconfigPath } = thisProcess();
    assert.equal(environment, process.env);
    assert.equal(cwd, process.cwd());
    assert.ok(cores >= 1);
    assert.equal(effectiveUid, process.geteuid!());
    assert.equal(sysconfigPath, '/etc/sysconfig/httplog');
  });
});

describe('httplog.conf', () => {
  const sample = readFileSync(new URL('../../../httplog.conf', import.meta.url), 'utf8');
  let box: Sandbox;
  beforeEach(() => { box = new Sandbox(); });
  afterEach(() => { box.remove(); });

  it('as delivered changes nothing', () => {
    box.write('httplog.conf', sample);
    const { settings, file } = box.load([]);
    assert.equal(file, './httplog.conf');
    assert.deepEqual(settings, box.load([], { cwd: '/' }).settings);
  });

  it('names every key once, and each value is the default where the default is a value', () => {
    box.write('httplog.conf', sample.replaceAll(/^#(?=HTTPLOG_)/gm, ''));
    const { settings, origins } = box.load([], { cores: 2 });
    const defaults = box.load([], { cwd: '/', cores: 2 }).settings;
    for (const setting of SETTING_NAMES) {
      const { key, name } = SETTING_ROWS[setting];
      assert.equal(sample.split(`\n#${key}=`).length, key === undefined ? 1 : 2, `${key}`);
      if (key === undefined) continue;
      assert.match(origins[setting], /^\.\/httplog\.conf line \d+$/);
      assert.ok(sample.includes(`(-${name})`), `the comment names -${name}`);
      if (!['interfaces', 'filter', 'local', 'tunnels', 'include', 'exclude', 'user', 'cpuProfile'].includes(setting)) assert.deepEqual(settings[setting], defaults[setting], key);
    }
  });
});
