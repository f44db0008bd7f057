// Where the tests of attribution run: with the host's own namespaces at the client's end, where process events and the kernel's trace
// are, or between two network namespaces, where neither is.

import { after, afterEach, before } from 'mocha';
import { type HostLink, linkHost } from './host_link.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from './httplog.js';
import { inNamespace, makeNetwork, type End, type TestNetwork } from './netns.js';

export type Line = Record<string, unknown>;
export const PLACES = ['with process events and the trace', 'without'] as const;

export class OwnerPlace {
  /** stopped after each test, the last first */
  readonly running: { stop(): Promise<void> }[] = [];
  private network: TestNetwork | undefined;
  private link: HostLink | undefined;

  /** Makes itself ready before the tests of the suite that is being described, and goes after them. */
  constructor(private readonly place: (typeof PLACES)[number], prefix: string) {
    before(() => {
      this.network = makeNetwork(prefix);
      if (place !== 'without') this.link = linkHost(this.network.server);
    });
    afterEach(async () => {
      killStarted();
      for (const one of this.running.splice(0).reverse()) await one.stop();
    });
    after(() => {
      this.link?.close();
      this.network?.close();
    });
  }

  /** undefined: here */
  get client(): End | undefined {
    return this.place === 'without' ? this.network!.client : undefined;
  }

  get server(): End {
    return this.link?.peer ?? this.network!.server;
  }

  /** The command that runs at the client's end. */
  atClient(argv: readonly string[]): readonly string[] {
    return this.client === undefined ? argv : inNamespace(this.client, argv);
  }

  /** Starts httplog with -proc, which is ended with the test. */
  capture(where: 'client' | 'server', more: readonly string[] = []): Promise<RunningHttplog> {
    const device = where === 'server' ? this.server.device : this.link?.device ?? this.network!.client.device;
    return startHttplog(where === 'server' ? this.server : this.client, ['-i', device, '-d', '-', '-o', 'json', '-proc', '-p', '80', ...more]).ready();
  }
}

/** Its records so far. */
export function recordsOf({ stdout }: RunningHttplog, kind: string): Line[] {
  return parseJsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).filter((line) => line['kind'] === kind);
}

/** Those that name a process. */
export function named(lines: readonly Line[]): Line[] {
  return lines.filter((line) => 'pid' in line);
}
