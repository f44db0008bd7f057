// What the capture thread tells, in the words of the operational log.

import type { CaptureMessage, OpenedMessage } from '../capture/messages.js';
import type { LogLevel, Settings } from '../config/settings.js';
import { formatPorts } from '../config/values.js';
import { linkTypeName } from '../wire/layers.js';
import { say, sayFailure, sayLimited } from './say.js';

/**
 * Says messages as they come. What a live capture tells while it starts is held back until it is ready: when it cannot start,
 * the reason is all there is to say.
 */
export class Narrator {
  private readonly live: boolean;
  private heldBack: (() => void)[] | undefined;
  private failed = false;
  private addresses: readonly string[] = [];

  constructor(private readonly settings: Settings) {
    this.live = settings.files.length === 0;
    this.heldBack = this.live ? [] : undefined;
  }

  tell(message: CaptureMessage): void {
    const { settings } = this;
    switch (message.type) {
      case 'opened':
        if (this.live) this.put(`${message.name}: ${opened(message, settings)}`, 'info');
        break;
      case 'local':
        this.putAddresses(message.addresses);
        break;
      case 'notice':
        this.put(message.text, 'info');
        break;
      case 'warning':
        this.put(message.text, 'warn');
        break;
      case 'failed':
        this.fail(message.text);
        break;
      case 'ready':
        this.end();
        say(`ready, records go to ${settings.directory === '-' ? 'standard output' : settings.directory}`);
    }
  }

  /** Says what is still held back, unless the start has failed. */
  end(): void {
    const lines = this.heldBack ?? [];
    this.heldBack = undefined;
    if (!this.failed) for (const sayLine of lines) sayLine();
  }

  /** What keeps a capture from starting, or a file from being replayed, ends the program; later the other sources go on. */
  private fail(text: string): void {
    this.failed = true;
    if (this.live && this.heldBack === undefined) say(text, 'error');
    else sayFailure(text);
  }

  /** A host of containers has hundreds, and changes them all day: afterwards it tells what has changed. */
  private putAddresses(addresses: readonly string[]): void {
    const before = new Set(this.addresses);
    const now = new Set(addresses);
    const changes = [
      ...addresses.filter((address) => !before.has(address)).map((address) => `+${address}`),
      ...this.addresses.filter((address) => !now.has(address)).map((address) => `-${address}`),
    ];
    this.addresses = addresses;
    if (this.heldBack !== undefined) this.put(`local addresses: ${addresses.length === 0 ? 'none' : addresses.join(', ')}`, 'info');
    else sayLimited(`local addresses: now ${addresses.length}: ${changes.join(', ')}`, 'info', 'local addresses');
  }

  /** What is told at the start is told whole, however many interfaces there are; later a few of a kind a minute. */
  private put(text: string, level: LogLevel): void {
    if (this.heldBack !== undefined) this.heldBack.push(() => say(text, level));
    else if (this.live) sayLimited(text, level, withoutName(text));
    else say(text, level);
  }
}

/** Names of interfaces that come and go (veth1a2b) make no message another one. */
function withoutName(text: string): string {
  return text.replace(/^\S+: /, '');
}

function opened(message: OpenedMessage, settings: Settings): string {
  const parts = [`link type ${linkTypeName(message.linkType)}`];
  if (message.way !== undefined) parts.push(`through ${message.way}`);
  parts.push(`snaplen ${settings.snaplen}`);
  if (message.bufferBytes !== undefined) parts.push(`buffer ${message.bufferBytes} bytes`);
  if (message.timestampPrecision !== undefined) parts.push(`time stamps in ${message.timestampPrecision}`);
  // The built expression names every port thrice and every extension header: its meaning is shorter.
  parts.push(`filter ${settings.filter === '' ? `built from -p ${formatPorts(settings.ports)}` : settings.filter}`);
  return parts.join(', ');
}
