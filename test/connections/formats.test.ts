import assert from 'node:assert/strict';
import type { ConnectionEvent, Owner } from '../../src/connections/connection.js';
import { ConmonFormat } from '../../src/connections/formats/conmon.js';
import { EcsFormat } from '../../src/connections/formats/ecs.js';
import { JsonFormat } from '../../src/connections/formats/json.js';
import { LognetFormat, connectionsTop, processesTop } from '../../src/connections/formats/lognet.js';
import { pythonList } from '../../src/connections/formats/python_repr.js';
import { TextFormat } from '../../src/connections/formats/text.js';
import { Selection } from '../../src/connections/selection.js';
import { ProcessImage } from '../../src/host/process_image.js';
import { UserNames } from '../../src/host/user_names.js';
import { checkEcs } from '../support/ecs_fields.js';

const TIME_NS = BigInt(new Date(2022, 6, 27, 22, 23, 15).getTime()) * 1_000_000n;

function image(exe: string | Uint8Array, ...words: readonly string[]): ProcessImage {
  const cmdline = Buffer.from(words.map((word) => `${word}\0`).join(''));
  return new ProcessImage(Buffer.from(exe), cmdline, false, 0, 0n, 0);
}

function owner(changes: Partial<Owner> = {}): Owner {
  return {
    pid: 5545, ppid: 1, image: image('/opt/vivaldi/vivaldi-bin', '/opt/vivaldi/vivaldi-bin', '--type=utility'),
    parentImage: image('/usr/lib/systemd/systemd'), uid: 0, container: new Uint8Array(0), guid: 'guid', startNs: 1_658_892_385_620_000_000n, ...changes,
  };
}

function event(changes: Partial<ConnectionEvent> = {}): ConnectionEvent {
  return {
    event: 'established', protocol: 'tcp', timeNs: TIME_NS, local: '192.168.1.210', localPort: 40100, remote: '104.244.42.66', remotePort: 443,
    direction: 'out', owner: owner(), via: 'connect', shared: 0, isOld: false, hasFailed: false, durationNs: undefined, sent: undefined, received: undefined,
    ...changes,
  };
}

/** Bytes that want to be a line, a column, a field of their own. */
const HOSTILE = Buffer.from([...Buffer.from('/tmp/a b|c,d"e\'\n#x=1 pid=1\t\u2028\u0085\u001b['), 0xff, 0xc3]);

describe('formats of connections', () => {
  const names = new UserNames();

  it('writes the lines of lognet', () => {
    const format = new LognetFormat();
    const { line, processLine } = format.format(event());
    assert.equal(line, '2022-07-27|22:23:15 TCP 192.168.1.210 40100 104.244.42.66 443 ESTABLISHED vivaldi-bin|5545|1658892385.62\n');
    assert.equal(processLine, "2022-07-27|22:23:15 vivaldi-bin|5545|1658892385.62 ['/opt/vivaldi/vivaldi-bin', '--type=utility']\n");
    assert.equal(format.format(event()).processLine, '', 'a process is listed once');
    const listener = format.format(event({ event: 'listen', local: '::', localPort: 17500, remote: '', remotePort: 0 }));
    assert.equal(listener.line, '2022-07-27|22:23:15 TCP :: 17500 - - LISTEN vivaldi-bin|5545|1658892385.62\n');
    assert.equal(format.format(event({ event: 'close' })).line, '');
    assert.match(format.format(event({ event: 'close', hasFailed: true })).line, / SYN_SENT /);
    assert.match(format.format(event({ event: 'open', protocol: 'udp' })).line, / UDP .* NONE /);
    assert.match(format.format(event({ owner: undefined })).line, / unknown\|-\|-\n$/);
    assert.equal(connectionsTop(TIME_NS), '#Version: 1.0\n#Date: 2022-07-27 22:23:15\n#Fields: timestamp prot laddr lport raddr rport status upid\n');
    assert.equal(processesTop(TIME_NS), '#Version: 1.0\n#Date: 2022-07-27 22:23:15\n#Fields: timestamp upid [command_line with parameters]\n');
  });

  it('shows seconds and arguments as Python does', () => {
    const upid = (startNs: bigint): string => new LognetFormat().format(event({ owner: owner({ startNs }) })).line.split('|').at(-1) ?? '';
    assert.equal(upid(1_658_892_270_000_000_000n), '1658892270.0\n');
    assert.equal(upid(1_658_892_270_500_000_000n), '1658892270.5\n');
    assert.equal(upid(1_658_892_270_050_000_000n), '1658892270.05\n');
    assert.equal(pythonList(Buffer.from("it's\0a\"b'c\0\n\\\0\u00e9\u0085\u2028\0\0")), `["it's", 'a"b\\'c', '\\n\\\\', '\u00e9\\x85\\u2028', '']`);
    assert.equal(pythonList(Uint8Array.of(0xff, 0x41, 0)), "['\\udcffA']");
  });

  it('writes the 12 fields of conmon', () => {
    const { line } = new ConmonFormat(names).format(event());
    const fields = line.trimEnd().split(', ');
    assert.equal(fields.length, 12);
    assert.deepEqual(fields.slice(0, 7), ['2022-07-27 22:23:15', '5545', '1', 'vivaldi-bin', 'systemd', 'root', '/opt/vivaldi/vivaldi-bin']);
    assert.deepEqual(fields.slice(8), ['192.168.1.210', '40100', '104.244.42.66', '443']);
    assert.equal(new ConmonFormat(names).format(event({ event: 'close' })).line, '');
    assert.equal(new ConmonFormat(names).format(event({ owner: undefined })).line.split(', ').filter((field) => field === 'unknown').length, 7);
  });

  it('lets no program forge a line, a column or a field', () => {
    const hostile = event({ owner: owner({ image: image(HOSTILE, HOSTILE.toString('latin1')), parentImage: image(HOSTILE) }) });
    const formats = [new LognetFormat(), new ConmonFormat(names), new JsonFormat(names), new EcsFormat(names, 'host'), new TextFormat(names)];
    for (const format of formats) {
      for (const line of Object.values(format.format(hostile)).filter((text) => text !== '') as string[]) {
        // JSON may hold a line separator: it ends no line of JSON.
        assert.equal(line.split(format instanceof JsonFormat ? /[\n\r]/ : /[\n\r\u2028\u0085]/).length, 2, line);
        assert.equal(line.includes('\u001b'), false, line);
      }
    }
    const [lognet, conmon, json, , text] = formats.map((format) => format.format(hostile).line);
    assert.equal(lognet.split(' ').length, 8);
    assert.equal(lognet.split('|').length, 4);
    assert.equal(conmon.split(',').length, 12);
    assert.equal((JSON.parse(json) as { pid: number }).pid, 5545);
    assert.equal(text.match(/ pid=/g)?.length, 1);
  });

  it('writes json and ecs that say what is not known', () => {
    const close = event({ event: 'close', durationNs: 1_500_250_000n, sent: 7n, received: 1000n });
    const json = JSON.parse(new JsonFormat(names).format(close).line) as Record<string, unknown>;
    assert.deepEqual([json['duration_ms'], json['bytes_sent'], json['bytes_received'], json['proc_via'], json['user']], [1500.25, 7, 1000, 'connect', 'root']);
    const unknown = JSON.parse(new JsonFormat(names).format(event({ owner: undefined, via: undefined })).line) as Record<string, unknown>;
    assert.deepEqual([unknown['exe'], unknown['user'], 'pid' in unknown, 'proc_via' in unknown], ['unknown', 'unknown', false, false]);
    const ecs = new EcsFormat(names, 'host');
    for (const one of [close, event(), event({ event: 'open' }), event({ event: 'listen', remote: '', remotePort: 0 }), event({ owner: undefined, via: undefined }),
      event({ event: 'close', hasFailed: true }), event({ direction: 'in', protocol: 'udp', event: 'open', shared: 2 })]) {
      checkEcs(JSON.parse(ecs.format(one).line) as object, 'httplog');
    }
  });

  it('selects by version, protocol, ends and private networks', () => {
    const all = { ipVersion: undefined, protocol: undefined, omitSelf: false, omitPrivate: false, localAddress: '', remoteAddress: '', localPort: 0, remotePort: 0 };
    const takes = (wanted: object, changes: Partial<ConnectionEvent>): boolean => new Selection({ ...all, ...wanted }).includes(event(changes));
    assert.equal(takes({ ipVersion: 6 }, {}), false);
    assert.equal(takes({ protocol: 'udp' }, {}), false);
    assert.equal(takes({ omitSelf: true }, { remote: '' }), false);
    assert.equal(takes({ omitSelf: true }, {}), true);
    assert.equal(takes({ localPort: 40100, remotePort: 443, remoteAddress: '104.244.42.66' }, {}), true);
    assert.equal(takes({ localAddress: '192.168.1.211' }, {}), false);
    const inside = ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fd00::1', 'fe80::1', 'febf::1'];
    const outside = ['11.0.0.1', '172.32.0.1', '172.15.0.1', '192.169.0.1', 'fe00::1', 'fec0::1', '2001:db8::1', '127.0.0.1'];
    for (const remote of inside) assert.equal(takes({ omitPrivate: true }, { remote }), false, remote);
    for (const remote of outside) assert.equal(takes({ omitPrivate: true }, { remote }), true, remote);
  });
});
