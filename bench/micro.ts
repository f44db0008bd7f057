// What single functions of the hot path cost: decoding, recognising, formatting, filtering. Nanoseconds a frame or a record.
//
//   npx tsc -p . && node dist/bench/micro.js

import { Bench } from 'tinybench';
import { compileForReplay } from '../src/capture/compile.js';
import { scanMessage } from '../src/http/scan.js';
import { MESSAGE, Message } from '../src/http/message.js';
import { parseRules } from '../src/config/rules.js';
import type { PolicySettings } from '../src/config/settings.js';
import { Policy, WRITTEN } from '../src/policy/policy.js';
import { DAY_SECONDS, utcOffset } from '../src/record/clock.js';
import { EcsFormat } from '../src/record/ecs.js';
import { JsonFormat } from '../src/record/json.js';
import { TextFormat } from '../src/record/text.js';
import { TsvFormat } from '../src/record/tsv.js';
import { ALL_COLUMNS } from '../src/record/tsv_columns.js';
import { Values } from '../src/record/values.js';
import { type LineFormat, RecordView } from '../src/record/view.js';
import { compileBpf } from '../src/wire/bpf.js';
import { decode } from '../src/wire/decode.js';
import { Frame } from '../src/wire/frame.js';
import { linkLayer } from '../src/wire/layers.js';
import { OUTCOME } from '../src/wire/outcome.js';
import { type GeneratedOptions, generatedFrames } from './lib/generated.js';
import { markdownTable } from './lib/report.js';

const ETHERNET = 1;
const FRAMES = 4096;
const FRAME_BYTES = 512;
const LINE_BYTES = 4096;
const MEASURE_MS = 500;
const HEADERS = ['referer', 'x-forwarded-for', 'location', 'server', 'content-encoding'];

/** Frames one behind the other, decoded once: where each payload is. */
interface Sample {
  readonly bytes: Uint8Array;
  readonly payloads: Int32Array;
  readonly ends: Int32Array;
}

const frame = new Frame();
const message = new Message();
const layer = linkLayer(ETHERNET) ?? OUTCOME.LINK_TYPE;

/** In shared memory, as the ring's: the engine treats such arrays as another kind. */
function sample(options: Pick<GeneratedOptions, 'messageShare' | 'ipv6'>): Sample {
  const bytes = new Uint8Array(new SharedArrayBuffer(FRAMES * FRAME_BYTES));
  bytes.set(generatedFrames({ ...options, frames: FRAMES, flows: 1000, frameBytes: FRAME_BYTES }));
  const payloads = new Int32Array(FRAMES);
  const ends = new Int32Array(FRAMES);
  for (let number = 0; number < FRAMES; number++) {
    frame.begin(number * FRAME_BYTES, FRAME_BYTES, FRAME_BYTES);
    if (decode(bytes, frame, layer) !== OUTCOME.TCP) throw new Error('a generated frame is not understood');
    payloads[number] = frame.at;
    ends[number] = frame.end;
  }
  return { bytes, payloads, ends };
}

function decodeAll({ bytes }: Sample): number {
  let found = 0;
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
    frame.begin(at, FRAME_BYTES, FRAME_BYTES);
    if (decode(bytes, frame, layer) === OUTCOME.TCP) found++;
  }
  return found;
}

function scanAll({ bytes, payloads, ends }: Sample): number {
  let found = 0;
  for (let number = 0; number < FRAMES; number++) {
    if (scanMessage(bytes, payloads[number], ends[number], message) !== MESSAGE.NONE) found++;
  }
  return found;
}

/** Decoding and recognising are part of the loop: a record is a view of both. */
function formatAll({ bytes }: Sample, format: LineFormat, view: RecordView, out: Uint8Array): number {
  const { frame, message } = view;
  let written = 0;
  for (let number = 0, at = 0; number < FRAMES; number++, at += FRAME_BYTES) {
    frame.begin(at, FRAME_BYTES, FRAME_BYTES);
    decode(bytes, frame, layer);
    view.take(bytes, scanMessage(bytes, frame.at, frame.end, message) === MESSAGE.REQUEST);
    view.seconds = 1_700_000_000 + (number >> 10);
    view.nanoseconds = number * 1000;
    view.ordinal = number;
    format.period(view.seconds, DAY_SECONDS);
    written += format.write(out, 0, view);
  }
  return written;
}

const messages = sample({ messageShare: 1 });
const bodies = sample({ messageShare: 0 });
const ipv6 = sample({ messageShare: 0, ipv6: true });
const out = new Uint8Array(new SharedArrayBuffer(LINE_BYTES));
const view = new RecordView(frame, message, new Values(0));
const viewOfHeaders = new RecordView(frame, new Message(HEADERS), new Values(HEADERS.length));
const text = new TextFormat({ zone: utcOffset, addVlan: false, addInterface: false });
const json = new JsonFormat();
const jsonHeaders = new JsonFormat({ headers: HEADERS });
const jsonCommunityId = new JsonFormat({ addCommunityId: true });
const tsv = new TsvFormat(ALL_COLUMNS);
const ecs = new EcsFormat({ headers: [], hostname: 'h' });
const filter = compileBpf(compileForReplay('tcp port 80', ETHERNET, 262_144));

function policyOf(settings: Partial<PolicySettings>): Policy {
  const idleSettings: PolicySettings = { include: [], exclude: [], sample: 1, anonymize: { ipv4: 32, ipv6: 128 }, redact: 'off' };
  return new Policy({ ...idleSettings, ...settings }, [], FRAME_BYTES);
}

const idle = policyOf({});
const ruling = policyOf({ exclude: parseRules(['path=/health*,*.ico', 'host=*.internal', 'status=404', 'addr=192.0.2.0/24 method=POST']) ?? [] });
const sampling = policyOf({ sample: 1000 });
const redacting = policyOf({ redact: 'on' });

/** The same requests with a secret parameter. */
function withSecrets({ bytes, payloads, ends }: Sample): Sample {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  const name = new TextEncoder().encode('?code=');
  payloads.forEach((payload, number) => {
    const query = copy.subarray(payload, ends[number]).indexOf(name[0]);
    if (copy[payload] === 0x47) copy.set(name, payload + query);
  });
  return { bytes: copy, payloads, ends };
}

const secrets = withSecrets(messages);

/** Until what a format would be given. */
function policyAll({ bytes }: Sample, policy: Policy, view: RecordView): number {
  const { frame, message } = view;
  let asked = 0;
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
    frame.begin(at, FRAME_BYTES, FRAME_BYTES);
    decode(bytes, frame, layer);
    view.take(bytes, scanMessage(bytes, frame.at, frame.end, message) === MESSAGE.REQUEST);
    if (policy.leftOut(view) === WRITTEN) policy.hide(view);
    asked++;
  }
  return asked;
}

function filterAll({ bytes }: Sample): number {
  let passed = 0;
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) if (filter(bytes, at, FRAME_BYTES, FRAME_BYTES)) passed++;
  return passed;
}

// The same bytes once by hand: what the loop and the first touch of each frame cost.
function touchAll({ bytes }: Sample): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) sum += bytes[at + 12];
  return sum;
}

let sink = 0;
const bench = new Bench({ time: MEASURE_MS, warmupTime: MEASURE_MS / 2 });
bench
  .add('loop, a byte a frame', () => { sink += touchAll(bodies); })
  .add('decode IPv4', () => { sink += decodeAll(bodies); })
  .add('decode IPv6', () => { sink += decodeAll(ipv6); })
  .add('scan, no message', () => { sink += scanAll(bodies); })
  .add('scan, request or response', () => { sink += scanAll(messages); })
  .add('decode, scan, text line', () => { sink += formatAll(messages, text, view, out); })
  .add('decode, scan, json line', () => { sink += formatAll(messages, json, view, out); })
  .add('the same with -headers, five names', () => { sink += formatAll(messages, jsonHeaders, viewOfHeaders, out); })
  .add('the same with -add_community_id', () => { sink += formatAll(messages, jsonCommunityId, view, out); })
  .add('decode, scan, tsv line, all columns', () => { sink += formatAll(messages, tsv, view, out); })
  .add('decode, scan, ecs line', () => { sink += formatAll(messages, ecs, view, out); })
  .add('decode, scan, take', () => { sink += policyAll(messages, idle, view); })
  .add('decode, scan, four rules of -exclude', () => { sink += policyAll(messages, ruling, view); })
  .add('decode, scan, -sample 1000', () => { sink += policyAll(messages, sampling, view); })
  .add('decode, scan, -redact on', () => { sink += policyAll(messages, redacting, view); })
  .add('decode, scan, -redact on, a secret each', () => { sink += policyAll(secrets, redacting, view); })
  .add('BPF filter `tcp port 80`', () => { sink += filterAll(bodies); });
await bench.run();
if (sink === 0) throw new Error('nothing was found in the generated frames');

const rows = bench.tasks.map(({ name, result }) => {
  if (!('latency' in result)) throw new Error(`${name}: ${result.state}`);
  const nanoseconds = result.latency.p50 * 1e6 / FRAMES;
  return [name, nanoseconds.toFixed(1), (1e3 / nanoseconds).toFixed(1)];
});
console.log(markdownTable([['function', 'ns a frame', 'million a second'], ...rows]));
