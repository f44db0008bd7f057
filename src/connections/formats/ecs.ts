// The ecs format of connections: the terms of the Elastic Common Schema 8.11. Who called is the source. What the schema has no
// field for stands under `httplog`.

import { plainText, cmdlineBytes, programName } from '../owner_text.js';
import type { UserNames } from '../../host/user_names.js';
import { isIpv6, type ConnectionEvent, type ConnectionEventName, type Owner } from '../connection.js';
import { isoTime } from '../event_time.js';
import type { ConnectionFormat, FormattedEvent } from './format.js';

const TYPES: Readonly<Record<ConnectionEventName, readonly string[]>> = {
  listen: ['info'], open: ['connection', 'start'], established: ['connection', 'allowed'], close: ['connection', 'end'],
};

export class EcsFormat implements ConnectionFormat {
  /** @param hostname of this host */
  constructor(private readonly names: UserNames, private readonly hostname: string) {}

  format(event: ConnectionEvent): FormattedEvent {
    return { line: `${JSON.stringify(this.document(event))}\n`, processLine: '' };
  }

  private document(event: ConnectionEvent): object {
    const { direction, protocol, owner, via, shared, isOld } = event;
    const own = { via, shared: shared > 0 ? shared : undefined, old: isOld ? true : undefined };
    return {
      '@timestamp': isoTime(event.timeNs, 9),
      ecs: { version: '8.11.0' },
      event: {
        kind: 'event', category: ['network'], type: TYPES[event.event], action: actionOf(event), module: 'httplog',
        dataset: 'httplog.connections',
        duration: event.durationNs === undefined ? undefined : Number(event.durationNs),
        outcome: event.hasFailed ? 'failure' : event.event === 'established' ? 'success' : undefined,
      },
      host: { hostname: this.hostname },
      network: {
        transport: protocol, type: isIpv6(event) ? 'ipv6' : 'ipv4',
        direction: direction === undefined ? undefined : direction === 'in' ? 'ingress' : 'egress',
      },
      ...endsOf(event),
      ...this.ownerOf(owner),
      httplog: Object.values(own).every((value) => value === undefined) ? undefined : { connection: own },
    };
  }

  private ownerOf(owner: Owner | undefined): object {
    if (owner === undefined) return {};
    const { pid, ppid, image, uid, guid, container } = owner;
    const cmdline = cmdlineBytes(image);
    const name = programName(image);
    return {
      process: {
        pid, entity_id: guid, parent: ppid === undefined ? undefined : { pid: ppid },
        executable: textOf(image.exe), name: textOf(name), command_line: textOf(cmdline),
      },
      user: uid === undefined ? undefined : { id: String(uid), name: this.names.of(uid) },
      container: container === undefined || container.length === 0 ? undefined : { id: plainText(container) },
    };
  }
}

function actionOf({ event, protocol, hasFailed }: ConnectionEvent): string {
  return hasFailed ? `${protocol}_connect_failed` : `${protocol}_${event}`;
}

/** What is not known is left out, as the schema wants it. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : plainText(bytes);
}

/** Who listens or is called is the destination. */
function endsOf({ local, localPort, remote, remotePort, direction, event, sent, received }: ConnectionEvent): object {
  const here = { ip: local, port: localPort === 0 ? undefined : localPort, bytes: sent === undefined ? undefined : Number(sent) };
  const there = remote === '' ? undefined : { ip: remote, port: remotePort, bytes: received === undefined ? undefined : Number(received) };
  const isCalled = direction === 'in' || event === 'listen';
  return isCalled ? { source: there, destination: here } : { source: here, destination: there };
}
