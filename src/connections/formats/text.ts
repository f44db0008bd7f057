// The text format: a line an event for people.
//
//   2026-11-21T20:44:30.123456Z established tcp 192.0.2.7:40100 > 192.0.2.9:443 pid=5545 exe=/usr/bin/curl user=www

import type { UserNames } from '../../host/user_names.js';
import type { ConnectionEvent } from '../connection.js';
import { isoTime } from '../event_time.js';
import { UNKNOWN, columnText, exeText } from '../owner_text.js';
import type { ConnectionFormat, FormattedEvent } from './format.js';
import { milliseconds } from './json.js';

const BLANKS = /\s/gu;

export class TextFormat implements ConnectionFormat {
  constructor(private readonly names: UserNames) {}

  format(event: ConnectionEvent): FormattedEvent {
    const { owner } = event;
    const user = owner?.uid === undefined ? UNKNOWN : columnText(this.names.of(owner.uid), BLANKS);
    const process = `pid=${owner?.pid ?? UNKNOWN} exe=${columnText(exeText(owner), BLANKS)} user=${user}`;
    return { line: `${isoTime(event.timeNs, 6)} ${event.event} ${event.protocol} ${endsText(event)} ${process}${details(event)}\n`, processLine: '' };
  }
}

/** The local end first; the arrow shows who called. */
function endsText({ local, localPort, remote, remotePort, direction }: ConnectionEvent): string {
  const near = hostAndPort(local, localPort);
  if (remote === '') return near;
  const arrow = direction === undefined ? '-' : direction === 'in' ? '<' : '>';
  return `${near} ${arrow} ${hostAndPort(remote, remotePort)}`;
}

function hostAndPort(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '?' : port}`;
}

function details({ event, hasFailed, durationNs, sent, received, isOld }: ConnectionEvent): string {
  let text = isOld ? ' old' : '';
  if (event !== 'close') return text;
  if (hasFailed) text += ' failed';
  if (durationNs !== undefined) text += ` ms=${milliseconds(durationNs)}`;
  if (sent !== undefined) text += ` sent=${sent}`;
  if (received !== undefined) text += ` received=${received}`;
  return text;
}
