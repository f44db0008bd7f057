// The CSV of conmon: 12 fields, a line for each connection; times are those of this host's zone.
//
//   2017-05-25 14:22:43, 7940, 4924, chrome, chrome, haje01, /opt/chrome/chrome, 2017-05-25 13:58:07, 127.0.0.1, 56331, 127.0.0.1, 8000

import type { UserNames } from '../../host/user_names.js';
import type { ConnectionEvent } from '../connection.js';
import { localTime } from '../event_time.js';
import { UNKNOWN, columnText, exeText, plainText, programName } from '../owner_text.js';
import type { ConnectionFormat, FormattedEvent } from './format.js';

const SEPARATORS = /[,"]/gu;
const NO_LINE: FormattedEvent = { line: '', processLine: '' };

export class ConmonFormat implements ConnectionFormat {
  constructor(private readonly names: UserNames) {}

  format(event: ConnectionEvent): FormattedEvent {
    if (!isConnection(event)) return NO_LINE;
    const { owner, local, localPort, remote, remotePort } = event;
    const fields = [
      localTime(event.timeNs, ' '),
      String(owner?.pid ?? UNKNOWN),
      String(owner?.ppid ?? UNKNOWN),
      nameText(programName(owner?.image)),
      nameText(programName(owner?.parentImage)),
      owner?.uid === undefined ? UNKNOWN : column(this.names.of(owner.uid)),
      column(exeText(owner)),
      owner?.startNs === undefined ? UNKNOWN : localTime(owner.startNs, ' '),
      local, localPort === 0 ? UNKNOWN : String(localPort), remote, String(remotePort),
    ];
    return { line: `${fields.join(', ')}\n`, processLine: '' };
  }
}

/** The event that stands for the connection: there is one of them. */
function isConnection({ event, protocol, remote, hasFailed }: ConnectionEvent): boolean {
  if (remote === '') return false;
  return protocol === 'udp' ? event === 'open' : event === 'established' || hasFailed;
}

function nameText(name: Uint8Array | undefined): string {
  return name === undefined ? UNKNOWN : column(plainText(name));
}

function column(text: string): string {
  return columnText(text, SEPARATORS);
}
