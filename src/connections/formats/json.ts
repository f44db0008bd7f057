// The json format of connections. Names of fields and what stands for something unknown are those of httplog processes: texts are
// "unknown", numbers are left out.

import type { UserNames } from '../../host/user_names.js';
import { isIpv6, type ConnectionEvent, type Owner } from '../connection.js';
import { isoTime } from '../event_time.js';
import { UNKNOWN, cmdlineBytes, jsonString } from '../owner_text.js';
import type { ConnectionFormat, FormattedEvent } from './format.js';

const UNKNOWN_JSON = JSON.stringify(UNKNOWN);

/** What a process was rendered as, and of what: what it runs may be taken back, and users are renamed. */
interface RenderedOwner {
  readonly exe: Uint8Array | undefined;
  readonly cmdline: Uint8Array | undefined;
  readonly user: string | undefined;
  readonly text: string;
}

export class JsonFormat implements ConnectionFormat {
  /** a process may have thousands of connections */
  private readonly rendered = new WeakMap<Owner, RenderedOwner>();

  constructor(private readonly names: UserNames) {}

  format(event: ConnectionEvent): FormattedEvent {
    const { local, localPort, remote, remotePort, via, shared, direction } = event;
    let line = `{"event":"${event.event}","time":"${isoTime(event.timeNs, 6)}","protocol":"${event.protocol}","ip":${isIpv6(event) ? 6 : 4},"laddr":"${local}"`;
    if (localPort !== 0) line += `,"lport":${localPort}`;
    if (remote !== '') line += `,"raddr":"${remote}","rport":${remotePort}`;
    if (direction !== undefined) line += `,"direction":"${direction}"`;
    line += this.owner(event.owner);
    if (via !== undefined) line += `,"proc_via":"${via}"`;
    if (shared > 0) line += `,"proc_shared":${shared}`;
    if (event.isOld) line += ',"old":true';
    return { line: `${line}${ending(event)}}\n`, processLine: '' };
  }

  private owner(owner: Owner | undefined): string {
    if (owner === undefined) return `,"exe":${UNKNOWN_JSON},"user":${UNKNOWN_JSON}`;
    const { exe, cmdline } = owner.image;
    const user = owner.uid === undefined ? undefined : this.names.of(owner.uid);
    const known = this.rendered.get(owner);
    if (known !== undefined && known.exe === exe && known.cmdline === cmdline && known.user === user) return known.text;
    const text = ownerText(owner, user);
    this.rendered.set(owner, { exe, cmdline, user, text });
    return text;
  }
}

function ownerText({ pid, ppid, image, uid, guid, container }: Owner, user: string | undefined): string {
  let text = `,"pid":${pid}`;
  if (ppid !== undefined) text += `,"ppid":${ppid}`;
  text += `,"exe":${textOf(image.exe)},"cmdline":${textOf(cmdlineBytes(image))}`;
  text += `,"user":${user === undefined ? UNKNOWN_JSON : jsonString(Buffer.from(user))}`;
  if (uid !== undefined) text += `,"uid":${uid}`;
  text += `,"guid":"${guid ?? UNKNOWN}"`;
  if (container?.length !== 0) text += `,"container":${textOf(container)}`;
  return text;
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? UNKNOWN_JSON : jsonString(bytes);
}

function ending({ event, hasFailed, durationNs, sent, received }: ConnectionEvent): string {
  if (event !== 'close') return '';
  let text = hasFailed ? ',"failed":true' : '';
  if (durationNs !== undefined) text += `,"duration_ms":${milliseconds(durationNs)}`;
  if (sent !== undefined) text += `,"bytes_sent":${sent}`;
  if (received !== undefined) text += `,"bytes_received":${received}`;
  return text;
}

/** With three decimals. */
export function milliseconds(ns: bigint): string {
  return `${ns / 1_000_000n}.${String((ns / 1000n) % 1000n).padStart(3, '0')}`;
}
