// What tshark says of a capture, message by message: the independent opinion our records are compared with.

import { type CommandResult, runCommand, tryCommand } from './command.js';

/** One HTTP message. Texts hold one character for each byte of the wire (latin1); absent fields are undefined. */
export interface OracleMessage {
  /** ordinal of the frame in the capture, from 1 */
  readonly frame: number;
  /** seconds since the epoch with nine decimals, as text: a double could not hold it */
  readonly epoch: string;
  readonly src: string;
  readonly sport: number;
  readonly dst: string;
  readonly dport: number;
  readonly type: 'request' | 'response';
  readonly version?: string;
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly userAgent?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly contentLength?: string;
  readonly contentType?: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Text = 'method' | 'target' | 'version' | 'status' | 'reason' | 'host' | 'userAgent' | 'contentLength' | 'contentType';

/** Every frame for itself: no reassembly of any layer. Chunks are followed, to find what is pipelined behind them. */
const FRAME_BY_FRAME = [
  'tcp.desegment_tcp_streams:FALSE', 'tcp.analyze_sequence_numbers:FALSE', 'ip.defragment:FALSE', 'ipv6.defragment:FALSE',
  'http.desegment_headers:FALSE', 'http.desegment_body:FALSE', 'http.dechunk_body:TRUE', 'http.decompress_body:FALSE',
];

/** Linux chose its port for VXLAN before IANA chose another; tshark takes it for OTV. */
const LINUX_VXLAN = 'udp.port==8472,vxlan';

/** Fields of a start line: the value is what stands in the frame. */
const START_LINE_FIELDS: Readonly<Record<string, Text>> = {
  'http.request.method': 'method',
  'http.request.uri': 'target',
  'http.request.version': 'version',
  'http.response.version': 'version',
  'http.response.code': 'status',
  'http.response.phrase': 'reason',
};

/** Header fields: the value is the whole line. */
const HEADER_FIELDS: Readonly<Record<string, Text>> = {
  'http.host': 'host',
  'http.user_agent': 'userAgent',
  'http.content_length_header': 'contentLength',
  'http.content_type': 'contentType',
};

/**
 * The messages that begin at the first byte of a TCP payload, and those pipelined behind them, in capture order.
 * @param ports as httplog's -p takes them: `80`, `80,8080`, `8000-8100`
 * @throws Error when tshark cannot read the capture at all; one cut short gives what it holds
 */
export function oracle(file: string, ports = '80'): OracleMessage[] {
  return messagesOf(tryCommand(question(file, ports)), file, ports);
}

/** As oracle(), while the test goes on. */
export async function oracleBeside(file: string, ports = '80'): Promise<OracleMessage[]> {
  return messagesOf(await runCommand(question(file, ports)), file, ports);
}

function question(file: string, ports: string): string[] {
  const options = [...FRAME_BY_FRAME, `http.tcp.port:${ports}`].flatMap((option) => ['-o', option]);
  return ['tshark', '-n', '-r', file, ...options, '-d', LINUX_VXLAN, '--disable-heuristic', 'http_tcp',
    '-Y', 'http', '-J', 'frame ip ipv6 tcp http', '-T', 'pdml'];
}

function messagesOf(run: CommandResult, file: string, ports: string): OracleMessage[] {
  if (run.status !== 0 && !run.stderr.includes('cut short')) {
    throw new Error(`tshark ${file}: exit ${run.status}: ${run.stderr.trim()}`);
  }
  const ranges = ports.split(',').map((range) => range.split('-').map(Number));
  const isService = (port: number): boolean => ranges.some(([first, last = first]) => port >= first && port <= last);
  // tshark also takes port 8080 and others for HTTP, whatever it is told
  return run.stdout.split('<packet>').slice(1).flatMap(messagesOfFrame)
    .filter(({ sport, dport }) => isService(sport) || isService(dport));
}

/** Whether tshark's reading is one SPEC calls a start line of HTTP/1.x without a flaw: tshark itself takes far more. */
export function hasStrictStartLine(message: OracleMessage): boolean {
  return /^HTTP\/1\.[0-9]$/.test(message.version ?? '')
    && (message.type === 'response' ? /^[0-9]{3}$/.test(message.status ?? '') : /^[^\x00-\x20\x7f]+$/.test(message.target ?? ''));
}

/** PDML has one element a line; nested fields follow their parent. */
function messagesOfFrame(packet: string): OracleMessage[] {
  const common = { frame: 0, epoch: '', src: '', sport: 0, dst: '', dport: 0 };
  const messages: Writable<OracleMessage>[] = [];
  let payloadAt = -1;
  let current: Writable<OracleMessage> | undefined;
  for (const line of packet.split('\n')) {
    const element = /^\s*<(?:proto|field) name="([^"]*)"/.exec(line)?.[1];
    switch (element) {
      case undefined: break;
      case 'frame.number': common.frame = Number(attribute(line, 'show')); break;
      case 'frame.time_epoch': common.epoch = attribute(line, 'show'); break;
      case 'ip.src': case 'ipv6.src': common.src = attribute(line, 'show'); break;
      case 'ip.dst': case 'ipv6.dst': common.dst = attribute(line, 'show'); break;
      case 'tcp.srcport': common.sport = Number(attribute(line, 'show')); break;
      case 'tcp.dstport': common.dport = Number(attribute(line, 'show')); break;
      case 'tcp': payloadAt = Number(attribute(line, 'pos')) + Number(attribute(line, 'size')); break;
      case 'http': current = undefined; break;
      case 'http.request.method': case 'http.response.version':
        if (messages.length === 0 && Number(attribute(line, 'pos')) !== payloadAt) {
          return [];
        }
        current = { ...common, type: element === 'http.request.method' ? 'request' : 'response' };
        messages.push(current);
        current[START_LINE_FIELDS[element]] = wireText(line);
        break;
      default:
        if (current && element in START_LINE_FIELDS) {
          current[START_LINE_FIELDS[element]] = wireText(line);
        } else if (current && element in HEADER_FIELDS) {
          current[HEADER_FIELDS[element]] ??= fieldValue(wireText(line));
        }
    }
  }
  return messages;
}

function attribute(line: string, name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(line)?.[1] ?? '';
}

function wireText(line: string): string {
  return Buffer.from(attribute(line, 'value'), 'hex').toString('latin1');
}

/** What stands behind the colon, without the white space around it and the line end. */
function fieldValue(line: string): string {
  return line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t\r\n]+$/g, '');
}
