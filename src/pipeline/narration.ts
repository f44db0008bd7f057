// What the capture thread tells, in the words of the operational log.

import type { CaptureMessage, OpenedMessage } from '../capture/messages.js';
import type { Settings } from '../config/settings.js';
import { formatPorts } from '../config/values.js';
import { linkTypeName } from '../wire/layers.js';

/**
 * Says messages as they come. What a live capture tells while it starts is held back until it is ready: when it cannot start,
 * the reason is all there is to say.
 */
export class Narrator {
  private readonly live: boolean;
  private heldBack: string[] | undefined;
  private failed = false;

  /** @param say takes one line */
  constructor(private readonly settings: Settings, private readonly say: (line: string) => void) {
    this.live = settings.files.length === 0;
    this.heldBack = this.live ? [] : undefined;
  }

  tell(message: CaptureMessage): void {
    const { settings } = this;
    switch (message.type) {
      case 'opened':
        if (this.live) this.put(`${message.name}: ${opened(message, settings)}`);
        break;
      case 'local':
        this.put(`local addresses: ${message.addresses.length === 0 ? 'none' : message.addresses.join(', ')}`);
        break;
      case 'warning':
        this.put(message.text);
        break;
      case 'failed':
        this.failed = true;
        this.say(message.text);
        break;
      case 'ready':
        this.end();
        this.say(`ready, records go to ${settings.directory === '-' ? 'standard output' : settings.directory}`);
    }
  }

  /** Says what is still held back, unless the start has failed. */
  end(): void {
    const lines = this.heldBack ?? [];
    this.heldBack = undefined;
    if (!this.failed) for (const line of lines) this.say(line);
  }

  private put(line: string): void {
    if (this.heldBack === undefined) this.say(line);
    else this.heldBack.push(line);
  }
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
