// The json format of process events: the fields of the original first, in its order, then ours. Bytes of names and arguments that
// are no text are escaped as in the records of the capture (record/json_text.ts).

import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal, writePadded } from '../bytes/write.js';
import type { UserNames } from '../host/user_names.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from '../record/json_text.js';
import { EventTime } from './event_time.js';
import { exitStatusOf, signalOf } from './exit_status.js';
import type { ProcessFormatter, ProcessRecord } from './process_record.js';

const NUL = 0;
const BLANK = 0x20;
const DOT = 0x2e;
const QUOTE = 0x22;

const EVENTS = {
  fork: ascii('{"event":"fork","child_pid":'), exec: ascii('{"event":"exec","pid":'), exit: ascii('{"event":"exit","pid":'),
  uid: ascii('{"event":"uid","pid":'), gid: ascii('{"event":"gid","pid":'), sid: ascii('{"event":"sid","pid":'),
  ptrace: ascii('{"event":"ptrace","pid":'), comm: ascii('{"event":"comm","pid":'), coredump: ascii('{"event":"coredump","pid":'),
} as const satisfies Record<ProcessRecord['name'], Uint8Array>;
const PARENT_PID = ascii(',"parent_pid":');
const TRACER_PID = ascii(',"tracer_pid":');
const EXIT_CODE = ascii(',"exit_code":');
const USER = ascii(',"user":');
const CMDLINE = ascii(',"cmdline":');
const RUID = ascii(',"ruid":');
const EUID = ascii(',"euid":');
const RGID = ascii(',"rgid":');
const EGID = ascii(',"egid":');
const COMM = ascii(',"comm":');
const TIME = ascii(',"time":"');
const PPID = ascii('","ppid":');
const NO_PPID = ascii('"');
const EXE = ascii(',"exe":');
const CWD = ascii(',"cwd":');
const UID = ascii(',"uid":');
const GUID = ascii(',"guid":"');
const GUID_END = ascii('"');
const CONTAINER = ascii(',"container":');
const DURATION = ascii(',"duration_ms":');
const STATUS = ascii(',"status":');
const SIGNAL = ascii(',"signal":"');
const TGID = ascii(',"tgid":');
const CUT = ascii(',"cmdline_truncated":true');
const END = ascii('}\n');

const UNKNOWN = ascii('unknown');

/** Everything of a line but paths, arguments and names. */
const FIXED_BYTES = 1024;
const MOST_USER_BYTES = 256;

/** Text with NUL between its words, as words with blanks: of /proc/PID/cmdline every word gets its blank, as the original has it. */
function blanksForNuls(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte === NUL ? BLANK : byte));
}

export class JsonEventFormat implements ProcessFormatter {
  private readonly time = new EventTime();
  private readonly users = new Map<string, Uint8Array>();

  constructor(private readonly names: UserNames) {}

  bound(record: ProcessRecord): number {
    const { image, cwd, container, comm } = record;
    return FIXED_BYTES + ESCAPED_JSON_BYTES * (image.bytes + (cwd?.length ?? 0) + (container?.length ?? 0) + comm.length + MOST_USER_BYTES);
  }

  write(out: Uint8Array, at: number, record: ProcessRecord): number {
    let end = writeDecimal(out, writeBytes(out, at, EVENTS[record.name]), record.pid);
    end = this.writeOwn(out, end, record);
    end = this.time.write(out, writeBytes(out, end, TIME), record.timeNs);
    end = record.ppid === undefined ? writeBytes(out, end, NO_PPID) : writeDecimal(out, writeBytes(out, end, PPID), record.ppid);
    const { image, cwd, isKernelThread } = record;
    if (!isKernelThread) {
      end = writeText(out, writeBytes(out, end, EXE), image.exe);
      end = writeText(out, writeBytes(out, end, CWD), cwd);
    }
    if (record.uid !== undefined) end = writeDecimal(out, writeBytes(out, end, UID), record.uid);
    end = writeGuid(out, end, record.guid);
    if (record.container?.length !== 0) end = writeText(out, writeBytes(out, end, CONTAINER), record.container);
    if (record.name === 'exit') end = writeEnd(out, end, record);
    if (record.tgid !== record.pid) end = writeDecimal(out, writeBytes(out, end, TGID), record.tgid);
    if (image.isCut && (record.name === 'exec' || record.name === 'exit')) end = writeBytes(out, end, CUT);
    return writeBytes(out, end, END);
  }

  /** What stands between the number and the time. */
  private writeOwn(out: Uint8Array, at: number, record: ProcessRecord): number {
    let end = at;
    switch (record.name) {
      case 'fork':
        return writeDecimal(out, writeBytes(out, end, PARENT_PID), record.otherPid);
      case 'exit':
        end = writeDecimal(out, writeBytes(out, end, EXIT_CODE), record.exitCode);
        return this.writeUser(out, end, record);
      case 'exec':
        end = this.writeUser(out, end, record);
        return writeCmdline(out, end, record);
      case 'uid':
        end = writeDecimal(out, writeBytes(out, end, RUID), record.realId);
        end = writeDecimal(out, writeBytes(out, end, EUID), record.effectiveId);
        break;
      case 'gid':
        end = writeDecimal(out, writeBytes(out, end, RGID), record.realId);
        end = writeDecimal(out, writeBytes(out, end, EGID), record.effectiveId);
        break;
      case 'ptrace':
        end = writeDecimal(out, writeBytes(out, end, TRACER_PID), record.otherPid);
        break;
      case 'comm':
        end = writeText(out, writeBytes(out, end, COMM), record.comm);
        break;
      case 'sid': case 'coredump':
        break;
    }
    return this.writeUser(out, end, record);
  }

  private writeUser(out: Uint8Array, at: number, { uid }: ProcessRecord): number {
    return writeText(out, writeBytes(out, at, USER), uid === undefined ? undefined : this.userBytes(this.names.of(uid)));
  }

  private userBytes(name: string): Uint8Array {
    const known = this.users.get(name);
    if (known !== undefined) return known;
    if (this.users.size > MOST_USER_BYTES) this.users.clear();
    const bytes = new TextEncoder().encode(name).subarray(0, MOST_USER_BYTES);
    this.users.set(name, bytes);
    return bytes;
  }
}

function writeText(out: Uint8Array, at: number, bytes: Uint8Array | undefined): number {
  const text = bytes ?? UNKNOWN;
  return writeJsonText(out, at, text, 0, text.length);
}

function writeCmdline(out: Uint8Array, at: number, { image }: ProcessRecord): number {
  const end = writeBytes(out, at, CMDLINE);
  return writeText(out, end, image.cmdline === undefined ? undefined : blanksForNuls(image.cmdline));
}

function writeGuid(out: Uint8Array, at: number, guid: string | undefined): number {
  let end = writeBytes(out, at, GUID);
  if (guid === undefined) end = writeBytes(out, end, UNKNOWN);
  else for (let i = 0; i < guid.length; i++) out[end++] = guid.charCodeAt(i);
  return writeBytes(out, end, GUID_END);
}

/** How long it lived, how it ended, what it was. */
function writeEnd(out: Uint8Array, at: number, record: ProcessRecord): number {
  let end = at;
  const { startNs, timeNs, exitCode, startIsExact } = record;
  if (startNs !== undefined && record.pid === record.tgid) {
    const microseconds = Number((timeNs - startNs) / 1000n);
    end = writeDecimal(out, writeBytes(out, end, DURATION), Math.floor(microseconds / 1000));
    if (startIsExact) {
      out[end] = DOT;
      end = writePadded(out, end + 1, microseconds % 1000, 3);
    }
  }
  const status = exitStatusOf(exitCode);
  if (status >= 0) {
    end = writeDecimal(out, writeBytes(out, end, STATUS), status);
  } else {
    end = writeBytes(out, end, SIGNAL);
    const signal = signalOf(exitCode);
    for (let i = 0; i < signal.length; i++) out[end++] = signal.charCodeAt(i);
    out[end++] = QUOTE;
  }
  return writeCmdline(out, end, record);
}
