// How a live capture is watched from outside: the metrics endpoint, and the service manager with its watchdog. Loaded only when one of
// them is there.

import { formatListenAddress } from '../config/operation_rows.js';
import type { ListenAddress } from '../config/settings.js';
import { version } from '../config/version.js';
import { Health, type Verdict } from './health.js';
import { type Answer, type HttpServer, type Routes, serve } from './http_server.js';
import { ServiceManager } from './service_manager.js';
import type { TelemetryView } from './view.js';

const LOOK_MS = 1000;
/** The status need not follow every frame. */
const STATUS_EVERY_LOOKS = 10;

/** What it says, by level. */
export interface Voice {
  info(text: string): void;
  warn(text: string): void;
}

export class Operations {
  private readonly timers: NodeJS.Timeout[] = [];
  private looks = 0;
  private wasHealthy = true;
  private isReady = false;
  private isStopping = false;

  private constructor(
    private readonly view: TelemetryView,
    private readonly health: Health,
    private readonly server: HttpServer | undefined,
    private readonly manager: ServiceManager | undefined,
    private readonly voice: Voice,
  ) {
    this.timers.push(setInterval(() => this.look(), LOOK_MS));
    if (manager?.watchdogMs !== undefined) this.timers.push(setInterval(() => this.feedWatchdog(manager), manager.watchdogMs / 2));
    for (const timer of this.timers) timer.unref();
  }

  /**
   * Opens what is asked for.
   * @param metrics where to serve them; address '': nowhere
   * @throws EndpointError when metrics cannot be served there
   */
  static async open(view: TelemetryView, metrics: ListenAddress, voice: Voice): Promise<Operations> {
    const health = new Health(view, performance.now());
    const warn = (text: string): void => voice.warn(text);
    const server = metrics.address === '' ? undefined : await serve(metrics, await routes(view, health), warn);
    return new Operations(view, health, server, ServiceManager.find(process.env, warn), voice);
  }

  /** Every source is open: traffic from now on is seen. */
  ready(): void {
    this.isReady = true;
    this.health.ready();
    this.look();
    this.manager?.ready(this.statusLine());
    if (this.server !== undefined) this.voice.info(`metrics at http://${formatListenAddress(this.server.address)}/metrics`);
  }

  /** The files are opened anew. @param done resolves when that is done */
  async reloading(done: Promise<void>): Promise<void> {
    if (!this.isReady || this.isStopping) return;
    this.manager?.reloading();
    await done;
    // A manager that was told of the stop meanwhile must not hear that all is ready.
    if (!this.isStopping) this.manager?.ready(this.statusLine());
  }

  /** The run ends. */
  stopping(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.health.stopping();
    this.manager?.stopping();
  }

  close(): void {
    this.stopping();
    for (const timer of this.timers) clearInterval(timer);
    this.server?.close();
    this.manager?.close();
  }

  private look(): void {
    this.health.look(performance.now());
    const { verdict } = this.health;
    if (this.isReady && !this.isStopping) {
      this.tellChange(verdict);
      if (this.looks++ % STATUS_EVERY_LOOKS === 0 || !verdict.healthy) this.manager?.tell(this.statusLine());
    }
  }

  private tellChange({ healthy, reason }: Verdict): void {
    if (healthy !== this.wasHealthy) this.voice[healthy ? 'info' : 'warn'](healthy ? 'healthy again' : `unhealthy: ${reason}`);
    this.wasHealthy = healthy;
  }

  /** A full disk or a missing interface is no reason to be started anew: what was captured would be lost on top. */
  private feedWatchdog(manager: ServiceManager): void {
    this.health.look(performance.now());
    if (!this.health.verdict.stuck) manager.alive();
  }

  private statusLine(): string {
    const { healthy, reason } = this.health.verdict;
    if (!healthy) return reason;
    const sources = this.view.sources();
    const open = sources.filter((source) => source.open).map(({ name }) => name);
    const sum = (key: 'received' | 'dropped'): number => sources.reduce((total, source) => total + source[key], 0);
    const where = open.length > 3 ? `${open.length} interfaces` : open.join(', ');
    const { linesWritten, linesLost } = this.view.ledger;
    return `${where}: ${sum('received')} frames received, ${sum('dropped')} dropped, ${linesWritten} lines written, ${linesLost} lost`;
  }
}

async function routes(view: TelemetryView, health: Health): Promise<Routes> {
  const { Metrics } = await import('./metrics.js');
  const metrics = new Metrics(view, health, version());
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/metrics', async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() })],
    ['/healthz', () => {
      const { healthy, reason } = health.verdict;
      return { status: healthy ? 200 : 503, body: `${reason}\n` };
    }],
  ]);
}
