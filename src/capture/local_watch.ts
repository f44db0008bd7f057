// Keeps the local table true: this host's addresses, or the list the user gave.

import { formatNetwork } from '../config/network.js';
import type { Network } from '../config/settings.js';
import { listAddresses, localNetworks } from '../host/addresses.js';
import type { Link } from '../host/links.js';
import type { RouteSocket } from '../host/route_socket.js';
import { type LocalTableWriter, MAX_LOCAL_NETWORKS } from '../ring/local_table.js';
import type { CaptureReport } from './messages.js';

export class LocalWatch {
  private reported = '';
  private warned = false;

  /** @param given the user's list, which then stays; undefined: this host's addresses */
  constructor(
    private readonly given: readonly Network[] | undefined,
    private readonly table: LocalTableWriter,
    private readonly report: CaptureReport,
  ) {
    if (given !== undefined) this.replace(given);
  }

  /**
   * Looks up the addresses and reports them when they changed.
   * @throws Error when rtnetlink does not answer
   */
  refresh(socket: RouteSocket, links: readonly Link[]): void {
    if (this.given === undefined) this.replace(localNetworks(links, listAddresses(socket)));
  }

  private replace(networks: readonly Network[]): void {
    const addresses = networks.map(formatNetwork);
    const text = addresses.join(' ');
    if (text === this.reported) return;
    this.reported = text;
    const missing = this.table.replace(networks);
    this.report({ type: 'local', addresses });
    if (missing > 0 && !this.warned) {
      this.warned = true;
      this.report({
        type: 'warning',
        text: `this host has more than ${MAX_LOCAL_NETWORKS} addresses: ${missing} do not count as local; name the networks with -local`,
      });
    }
  }
}
