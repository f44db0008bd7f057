// The ecs format: one object a line in the terms of the Elastic Common Schema 8.11, for Filebeat and Elasticsearch to take as it is.
// What the schema has no field for stands under `httplog`. Values are escaped as in json.

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import { ascii, ZERO } from '../bytes/ascii.js';
import { writeBytes, writeDecimal, writePadded } from '../bytes/write.js';
import { Clock, utcOffset } from './clock.js';
import { COMMUNITY_ID_BYTES, CommunityId } from './community_id.js';
import { EcsHttplog } from './ecs_httplog.js';
import { LISTS_BYTES, writeMember } from './json_fields.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from './json_text.js';
import { isCanonicalNumber } from './number.js';
import { OWNER_FIXED_BYTES } from './owner_json.js';
import { UrlParts } from './url_parts.js';
import { VALUE, type Values } from './values.js';
import type { LineFormat, RecordView } from './view.js';

const T = 0x54;
const DOT = 0x2e;
const COMMA = 0x2c;
const OBJECT_END = 0x7d;

const TIME = ascii('{"@timestamp":"');
const EVENT = ascii('Z","ecs":{"version":"8.11.0"},"event":{"kind":"event","category":["network","web"],"module":"httplog","dataset":"httplog.http",');
const REQUEST_EVENT = ascii('"type":["access","protocol"],"action":"http_request"}');
const SUCCESS_EVENT = ascii('"type":["info","protocol"],"action":"http_response","outcome":"success"}');
const FAILURE_EVENT = ascii('"type":["error","protocol"],"action":"http_response","outcome":"failure"}');
const INGRESS = ascii(',"ingress":{"interface":{"name":');
const INGRESS_END = ascii('}}');
const ENDS = ['source', 'destination', 'client', 'server'].map((name) => ascii(`},"${name}":{"ip":"`));
const PORT = ascii('","port":');
// By whether it is IPv6, then by kind: the traffic's direction as the observed side sees it.
const NETWORKS = ['ipv4', 'ipv6'].map((type) => ['ingress', 'egress', 'egress', 'ingress'].map((direction) => ascii(
  `},"network":{"transport":"tcp","protocol":"http","type":"${type}","direction":"${direction}","community_id":"`)));
const COMMUNITY_ID_END = ascii('"');
const VLAN = ascii(',"vlan":{"id":"');
const INNER_VLAN = ascii(',"inner":{"vlan":{"id":"');
const VLAN_END = ascii('"}');
const HTTP = ascii('},"http":{');
const VERSION = ascii('"version":');
const REQUEST = ascii('"request":{"method":');
const REFERRER = ascii(',"referrer":');
const REQUEST_ID = ascii(',"id":');
const RESPONSE = ascii('"response":{"status_code":');
const BODY_BYTES = ascii(',"body":{"bytes":');
const URL = ascii('}},"url":{"original":');
const SCHEME = ascii(',"scheme":');
const DOMAIN = ascii(',"domain":');
const URL_PORT = ascii(',"port":');
const PATH = ascii(',"path":');
const QUERY = ascii(',"query":');
const AGENT = ascii('},"user_agent":{"original":');
const RESPONSE_END = ascii('}');

/** The digits of `HTTP/1.1`. */
const VERSION_PREFIX_BYTES = 5;
const FIRST_FAILURE_DIGIT = ZERO + 4;
/** Everything of a line that the message does not decide; twice the addresses, as client and server too. */
const FIXED_BYTES = 1536 + OWNER_FIXED_BYTES + 4 * ADDRESS_TEXT_BYTES + LISTS_BYTES + COMMUNITY_ID_BYTES;

export interface EcsOptions {
  /** lower-case names of the header fields that the records keep beside those of every message */
  readonly headers: readonly string[];
  /** name of the host that watches; '' on replay, where it is not known */
  readonly hostname: string;
}

export class EcsFormat implements LineFormat {
  private readonly clock = new Clock(utcOffset);
  private readonly communityId = new CommunityId();
  private readonly url = new UrlParts();
  private readonly observer: Uint8Array;
  private readonly own: EcsHttplog;
  /** slots of the header fields that the schema has a place for, -1 when they were not asked for */
  private readonly referer: number;
  private readonly requestId: number;

  constructor({ headers, hostname }: EcsOptions) {
    const slot = (name: string): number => (headers.includes(name) ? VALUE.FIRST_EXTRA + headers.indexOf(name) : -1);
    this.referer = slot('referer');
    this.requestId = slot('x-request-id');
    this.own = new EcsHttplog(headers);
    const named = hostname === '' ? '' : `,"hostname":${JSON.stringify(hostname)}`;
    this.observer = new TextEncoder().encode(`,"observer":{"product":"httplog","type":"sensor"${named}`);
  }

  period(seconds: number, lengthSeconds: number): number {
    this.clock.set(seconds);
    return this.clock.period(lengthSeconds);
  }

  bound(record: RecordView): number {
    const { values, interfaceName } = record;
    // A target is written whole and in its parts.
    const targetBytes = values.end[VALUE.TARGET] - values.start[VALUE.TARGET];
    return FIXED_BYTES + this.observer.length + this.own.fixedBytes
      + ESCAPED_JSON_BYTES * (values.length + targetBytes + interfaceName.length + record.owner.length);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    let end = writeBytes(out, at, TIME);
    end = this.clock.write(out, end, T);
    out[end] = DOT;
    end = writePadded(out, end + 1, record.nanoseconds, 9);
    end = writeBytes(out, end, EVENT);
    end = writeBytes(out, end, record.isRequest ? REQUEST_EVENT : outcomeOf(record.values));
    end = writeBytes(out, end, this.observer);
    if (record.interfaceName.length > 0) {
      end = writeJsonText(out, writeBytes(out, end, INGRESS), record.interfaceName, 0, record.interfaceName.length);
      end = writeBytes(out, end, INGRESS_END);
    }
    end = writeEnds(out, end, record);
    end = this.writeNetwork(out, end, record);
    end = record.isRequest ? this.writeRequest(out, end, record.values) : writeResponse(out, end, record.values);
    return this.own.write(out, end, record);
  }

  private writeNetwork(out: Uint8Array, at: number, record: RecordView): number {
    const { vlans, vlanCount, addressLength } = record.frame;
    let end = writeBytes(out, at, NETWORKS[addressLength === 4 ? 0 : 1][record.kind]);
    end = this.communityId.write(out, end, record);
    end = writeBytes(out, end, COMMUNITY_ID_END);
    if (vlanCount > 0) {
      end = writeDecimal(out, writeBytes(out, end, VLAN), vlans[0]);
      end = writeBytes(out, end, VLAN_END);
    }
    if (vlanCount > 1) {
      end = writeDecimal(out, writeBytes(out, end, INNER_VLAN), vlans[vlanCount - 1]);
      end = writeBytes(out, end, VLAN_END);
      out[end++] = OBJECT_END;
    }
    return end;
  }

  /** `http`, `url` and `user_agent`; the last of them stays open for one brace. */
  private writeRequest(out: Uint8Array, at: number, values: Values): number {
    const { url } = this;
    let end = writeVersion(out, at, values);
    end = writeMember(out, end, REQUEST, values, VALUE.METHOD);
    if (this.referer >= 0) end = writeMember(out, end, REFERRER, values, this.referer);
    if (this.requestId >= 0) end = writeMember(out, end, REQUEST_ID, values, this.requestId);
    end = writeMember(out, end, URL, values, VALUE.TARGET);
    url.take(values);
    end = writePart(out, end, SCHEME, url.target, url.schemeStart, url.schemeEnd);
    end = writePart(out, end, DOMAIN, url.authority, url.domainStart, url.domainEnd);
    if (url.port >= 0) end = writeDecimal(out, writeBytes(out, end, URL_PORT), url.port);
    end = writePart(out, end, PATH, url.target, url.pathStart, url.pathEnd);
    end = writePart(out, end, QUERY, url.target, url.queryStart, url.queryEnd);
    return writeMember(out, end, AGENT, values, VALUE.USER_AGENT);
  }
}

/** From the status: failure from 400 on. */
function outcomeOf(values: Values): Uint8Array {
  return values.bytes[VALUE.STATUS][values.start[VALUE.STATUS]] >= FIRST_FAILURE_DIGIT ? FAILURE_EVENT : SUCCESS_EVENT;
}

/** Source and destination of the packet; client and server, as the message says who is which. */
function writeEnds(out: Uint8Array, at: number, record: RecordView): number {
  const { isRequest } = record;
  let end = writeEnd(out, at, record, 0, true);
  end = writeEnd(out, end, record, 1, false);
  end = writeEnd(out, end, record, 2, isRequest);
  return writeEnd(out, end, record, 3, !isRequest);
}

function writeEnd(out: Uint8Array, at: number, record: RecordView, name: number, source: boolean): number {
  const { frame, addressBytes } = record;
  let end = writeBytes(out, at, ENDS[name]);
  end = writeAddress(out, end, addressBytes, source ? record.source : record.destination, frame.addressLength);
  end = writeBytes(out, end, PORT);
  return writeDecimal(out, end, source ? frame.sourcePort : frame.destinationPort);
}

/** Opens `http`, with the version as the schema has it: `1.1`. */
function writeVersion(out: Uint8Array, at: number, values: Values): number {
  let end = writeBytes(out, at, HTTP);
  if (!values.has(VALUE.VERSION)) return end;
  end = writeBytes(out, end, VERSION);
  end = writeJsonText(out, end, values.bytes[VALUE.VERSION], values.start[VALUE.VERSION] + VERSION_PREFIX_BYTES, values.end[VALUE.VERSION]);
  out[end] = COMMA;
  return end + 1;
}

/** `http`; it stays open for one brace. */
function writeResponse(out: Uint8Array, at: number, values: Values): number {
  let end = writeBytes(out, writeVersion(out, at, values), RESPONSE);
  end = writeDecimal(out, end, statusOf(values));
  const length = values.bytes[VALUE.CONTENT_LENGTH];
  const from = values.start[VALUE.CONTENT_LENGTH];
  const to = values.end[VALUE.CONTENT_LENGTH];
  if (isCanonicalNumber(length, from, to)) {
    end = writeBytes(out, end, BODY_BYTES);
    for (let i = from; i < to; i++) out[end++] = length[i];
    out[end++] = OBJECT_END;
  }
  return writeBytes(out, end, RESPONSE_END);
}

/** The three digits as a number: a `long`, also where they begin with zeros. */
function statusOf(values: Values): number {
  const bytes = values.bytes[VALUE.STATUS];
  const at = values.start[VALUE.STATUS];
  return (bytes[at] - ZERO) * 100 + (bytes[at + 1] - ZERO) * 10 + bytes[at + 2] - ZERO;
}

function writePart(out: Uint8Array, at: number, key: Uint8Array, bytes: Uint8Array, from: number, to: number): number {
  return from < 0 ? at : writeJsonText(out, writeBytes(out, at, key), bytes, from, to);
}
