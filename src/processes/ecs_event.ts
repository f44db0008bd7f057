// The ecs format of process events: one object a line in the terms of the Elastic Common Schema 8.11. What is not known is left out;
// what the schema has no field for stands under `httplog`. Bytes that are no text are escaped as in json.

import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal } from '../bytes/write.js';
import type { UserNames } from '../host/user_names.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from '../record/json_text.js';
import { EventTime } from './event_time.js';
import { exitStatusOf, signalOf } from './exit_status.js';
import type { ProcessFormatter, ProcessRecord } from './process_record.js';

const NUL = 0;
const BLANK = 0x20;
const SLASH = 0x2f;
const COMMA = 0x2c;
const QUOTE = 0x22;
const LIST_END = 0x5d;

const TIME = ascii('{"@timestamp":"');
const TYPES = {
  fork: 'start', exec: 'start', exit: 'end', uid: 'change', gid: 'change', sid: 'change', ptrace: 'access', comm: 'change', coredump: 'info',
} as const satisfies Record<ProcessRecord['name'], string>;
const EVENTS = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [name, ascii(
  `","ecs":{"version":"8.11.0"},"event":{"kind":"event","category":["process"],"module":"httplog","dataset":"httplog.process","type":["${type}"],"action":"${name}"`,
)])) as Record<ProcessRecord['name'], Uint8Array>;
const DURATION = ascii(',"duration":');
const PROCESS = ascii('},"process":{"pid":');
const ENTITY = ascii(',"entity_id":"');
const THREAD = ascii(',"thread":{"id":');
const OBJECT_END = ascii('}');
const PARENT = ascii(',"parent":{"pid":');
const EXECUTABLE = ascii(',"executable":');
const NAME = ascii(',"name":');
const COMMAND_LINE = ascii(',"command_line":');
const ARGS = ascii(',"args":[');
const ARGS_COUNT = ascii(',"args_count":');
const DIRECTORY = ascii(',"working_directory":');
const START = ascii(',"start":"');
const END_TIME = ascii(',"end":"');
const TEXT_END = ascii('"');
const EXIT_CODE = ascii(',"exit_code":');
const PROCESS_USER = ascii(',"user":{"id":"');
const USER = ascii('},"user":{"id":"');
const NO_USER = ascii('}');
const USER_NAME = ascii('","name":');
const CONTAINER = ascii(',"container":{"id":');
const OWN = ascii(',"httplog":{');
const END = ascii('}\n');

const FIXED_BYTES = 2048;
const MOST_USER_BYTES = 256;
/** Most characters of a number, with what stands around it. */
const MOST_NUMBER_BYTES = 32;

export class EcsEventFormat implements ProcessFormatter {
  private readonly time = new EventTime();
  private readonly host: Uint8Array;

  /** @param hostname '' where it is not known */
  constructor(private readonly names: UserNames, hostname: string) {
    const text = JSON.stringify(hostname);
    this.host = new TextEncoder().encode(hostname === '' ? '' : `,"host":{"hostname":${text},"name":${text}}`);
  }

  bound({ image, cwd, container, comm }: ProcessRecord): number {
    // The program is named twice; every argument, too, and may be empty, which takes three bytes.
    const texts = 2 * (image.exe?.length ?? 0) + 3 * (image.cmdline?.length ?? 0) + (cwd?.length ?? 0) + (container?.length ?? 0) + comm.length;
    return FIXED_BYTES + this.host.length + ESCAPED_JSON_BYTES * (texts + 2 * MOST_USER_BYTES) + MOST_NUMBER_BYTES;
  }

  write(out: Uint8Array, at: number, record: ProcessRecord): number {
    let end = this.time.write(out, writeBytes(out, at, TIME), record.timeNs);
    end = writeBytes(out, end, EVENTS[record.name]);
    const { startNs, timeNs } = record;
    const ends = record.name === 'exit' && record.pid === record.tgid;
    if (ends && startNs !== undefined) end = writeDecimal(out, writeBytes(out, end, DURATION), Number(timeNs - startNs));
    end = writeDecimal(out, writeBytes(out, end, PROCESS), record.tgid);
    end = writeIdentity(out, end, record);
    end = writeImage(out, end, record);
    if (startNs !== undefined) end = this.writeTime(out, end, START, startNs);
    if (ends) end = this.writeTime(out, end, END_TIME, timeNs);
    const status = record.name === 'exit' ? exitStatusOf(record.exitCode) : -1;
    if (status >= 0) end = writeDecimal(out, writeBytes(out, end, EXIT_CODE), status);
    end = this.writeUsers(out, end, record);
    if (record.container !== undefined && record.container.length > 0) {
      end = writeText(out, writeBytes(out, end, CONTAINER), record.container);
      end = writeBytes(out, end, OBJECT_END);
    }
    end = writeBytes(out, end, this.host);
    end = writeOwn(out, end, record);
    return writeBytes(out, end, END);
  }

  private writeTime(out: Uint8Array, at: number, key: Uint8Array, ns: bigint): number {
    return writeBytes(out, this.time.write(out, writeBytes(out, at, key), ns), TEXT_END);
  }

  /** The process's user, closing the process, and the same as the event's. */
  private writeUsers(out: Uint8Array, at: number, { uid }: ProcessRecord): number {
    if (uid === undefined) return writeBytes(out, at, NO_USER);
    let end = this.writeUser(out, at, PROCESS_USER, uid);
    end = this.writeUser(out, end, USER, uid);
    return end;
  }

  private writeUser(out: Uint8Array, at: number, key: Uint8Array, uid: number): number {
    const name = new TextEncoder().encode(this.names.of(uid)).subarray(0, MOST_USER_BYTES);
    let end = writeDecimal(out, writeBytes(out, at, key), uid);
    end = writeText(out, writeBytes(out, end, USER_NAME), name);
    return writeBytes(out, end, OBJECT_END);
  }
}

function writeIdentity(out: Uint8Array, at: number, { pid, tgid, guid, ppid }: ProcessRecord): number {
  let end = at;
  if (guid !== undefined) {
    end = writeBytes(out, writeAscii(out, writeBytes(out, end, ENTITY), guid), TEXT_END);
  }
  if (pid !== tgid) end = writeBytes(out, writeDecimal(out, writeBytes(out, end, THREAD), pid), OBJECT_END);
  if (ppid !== undefined) end = writeBytes(out, writeDecimal(out, writeBytes(out, end, PARENT), ppid), OBJECT_END);
  return end;
}

function writeImage(out: Uint8Array, at: number, { image: { exe, cmdline }, cwd }: ProcessRecord): number {
  let end = at;
  if (exe !== undefined) {
    end = writeText(out, writeBytes(out, end, EXECUTABLE), exe);
    end = writeText(out, writeBytes(out, end, NAME), exe.subarray(exe.lastIndexOf(SLASH) + 1));
  }
  if (cmdline !== undefined && cmdline.length > 0) end = writeArguments(out, end, cmdline);
  if (cwd !== undefined) end = writeText(out, writeBytes(out, end, DIRECTORY), cwd);
  return end;
}

function writeArguments(out: Uint8Array, at: number, cmdline: Uint8Array): number {
  const last = cmdline.at(-1) === NUL ? cmdline.length - 1 : cmdline.length;
  const line = cmdline.subarray(0, last).map((byte) => (byte === NUL ? BLANK : byte));
  let end = writeText(out, writeBytes(out, at, COMMAND_LINE), line);
  end = writeBytes(out, end, ARGS);
  let count = 0;
  for (let from = 0; from <= last;) {
    const nul = cmdline.indexOf(NUL, from);
    const to = nul < 0 || nul > last ? last : nul;
    if (count++ > 0) out[end++] = COMMA;
    end = writeJsonText(out, end, cmdline, from, to);
    from = to + 1;
  }
  out[end++] = LIST_END;
  return writeDecimal(out, writeBytes(out, end, ARGS_COUNT), count);
}

/** What the schema has no field for. */
function writeOwn(out: Uint8Array, at: number, record: ProcessRecord): number {
  const members: [string, number][] = [];
  const signal = record.name === 'exit' ? signalOf(record.exitCode) : '';
  switch (record.name) {
    case 'exit': members.push(['exit_code', record.exitCode]); break;
    case 'uid': members.push(['ruid', record.realId], ['euid', record.effectiveId]); break;
    case 'gid': members.push(['rgid', record.realId], ['egid', record.effectiveId]); break;
    case 'ptrace': members.push(['tracer_pid', record.otherPid]); break;
    default:
  }
  const cut = record.image.isCut;
  if (members.length === 0 && record.name !== 'comm' && !cut) return at;
  let end = writeBytes(out, at, OWN);
  const key = (name: string): void => {
    if (out[end - 1] !== OWN[OWN.length - 1]) out[end++] = COMMA;
    end = writeAscii(out, end, `"${name}":`);
  };
  for (const [name, value] of members) {
    key(name);
    end = writeDecimal(out, end, value);
  }
  if (signal !== '') {
    key('signal');
    out[end++] = QUOTE;
    end = writeAscii(out, end, signal);
    out[end++] = QUOTE;
  }
  if (record.name === 'comm') {
    key('comm');
    end = writeText(out, end, record.comm);
  }
  if (cut) {
    key('cmdline_truncated');
    end = writeAscii(out, end, 'true');
  }
  return writeBytes(out, end, OBJECT_END);
}

function writeText(out: Uint8Array, at: number, bytes: Uint8Array): number {
  return writeJsonText(out, at, bytes, 0, bytes.length);
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}
