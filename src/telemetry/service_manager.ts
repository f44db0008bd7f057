// What the service manager is told (sd_notify(3)) and asks for (sd_watchdog_enabled(3)), when it started us with Type=notify.

import { NotifySocket } from '../host/notify_socket.js';

/** Keeps a status readable, and a datagram short. */
const MOST_STATUS_CHARACTERS = 400;

export class ServiceManager {
  private told = '';
  private failed = false;

  private constructor(
    private readonly socket: NotifySocket,
    private readonly name: string,
    /** how often it wants a sign of life, milliseconds; undefined: it does not */
    readonly watchdogMs: number | undefined,
    private readonly warn: (text: string) => void,
  ) {}

  /**
   * The manager that started this process.
   * @param warn takes one line about what cannot be told it
   * @returns undefined when there is none
   */
  static find(environment: NodeJS.ProcessEnv, warn: (text: string) => void): ServiceManager | undefined {
    const name = environment['NOTIFY_SOCKET'];
    if (name === undefined || name === '') return undefined;
    try {
      return new ServiceManager(new NotifySocket(name), name, watchdogOf(environment), warn);
    } catch (error) {
      warn(`cannot tell the service manager anything: NOTIFY_SOCKET ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** Capture runs. @param status one line for `systemctl status` */
  ready(status: string): void {
    this.send(`READY=1\n${this.status(status)}`);
  }

  /** Settings or files are taken anew; ready() ends it. */
  reloading(): void {
    // CLOCK_MONOTONIC, by which the manager tells this reload from those before.
    this.send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}\n${this.status('opening the files anew')}`);
  }

  stopping(): void {
    this.send(`STOPPING=1\n${this.status('stopping: what was captured is being written')}`);
  }

  /** A sign of life. */
  alive(): void {
    this.send('WATCHDOG=1');
  }

  /** Says how things stand, unless that is what it said last. */
  tell(status: string): void {
    if (status !== this.told) this.send(this.status(status));
  }

  close(): void {
    this.socket.close();
  }

  private status(text: string): string {
    this.told = text;
    return `STATUS=${text.replaceAll(/\p{C}/gu, ' ').slice(0, MOST_STATUS_CHARACTERS)}`;
  }

  private send(text: string): void {
    const failure = this.socket.send(text);
    if (failure !== undefined && !this.failed) this.warn(`cannot tell the service manager anything: NOTIFY_SOCKET ${this.name}: ${failure}`);
    this.failed = failure !== undefined;
    if (this.failed) this.told = ''; // to be said again
  }
}

/** WATCHDOG_USEC, if it is meant for this process. */
function watchdogOf({ WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid }: NodeJS.ProcessEnv): number | undefined {
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  return /^[1-9]\d{0,15}$/.test(usec) ? Number(usec) / 1000 : undefined;
}
