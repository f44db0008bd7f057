// From the settings to the ways out that are sockets.

import type { ProcessesSettings } from '../config/processes_settings.js';
import { shown, UsageError } from '../config/usage_error.js';
import { findGroup, type User } from '../host/users.js';
import { sayLimited } from '../pipeline/say.js';
import type { Say } from './endpoint_error.js';
import { readPassword } from './password.js';
import { EventServers } from './servers.js';
import type { SocketPlace } from './socket_file.js';
import type { TcpOptions } from './tcp_server.js';

/** Clients come and go as they like, and say what they like: told within bounds. */
const say: Say = (text, level) => sayLimited(text, level);

/**
 * Opens what the settings name; to be called while the process is still who it was started as.
 * @param owner the user that the process becomes later (-u), whom the socket and a directory made for it are given to
 * @returns undefined when the settings name neither a Unix socket nor TCP
 * @throws UsageError, EndpointError, LogError in one line for the user, with nothing left open
 */
export async function openServers(settings: ProcessesSettings, owner: User | undefined): Promise<EventServers | undefined> {
  const unix = settings.socket === '' ? undefined : placeOf(settings, owner);
  const tcp = settings.tcp.address === '' ? undefined : tcpOptions(settings);
  if (unix === undefined && tcp === undefined) return undefined;
  return EventServers.open({ unix, tcp, clients: settings.clients, say });
}

function placeOf({ socket, socketMode, socketGroup }: ProcessesSettings, owner: User | undefined): SocketPlace {
  const gid = socketGroup === '' ? undefined : findGroup(socketGroup);
  if (socketGroup !== '' && gid === undefined) throw new UsageError(`option --socket-group: there is no group ${shown(socketGroup)}`);
  return { path: socket, mode: socketMode, gid, owner };
}

function tcpOptions(settings: ProcessesSettings): TcpOptions {
  const { password, warning } = readPassword(settings, process.env);
  if (warning !== undefined) say(warning, 'warn');
  const { tcp, tlsCert, tlsKey } = settings;
  return { listen: tcp, password, tls: tlsCert === '' ? undefined : { certificate: tlsCert, key: tlsKey } };
}
