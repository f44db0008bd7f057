// What the capture thread tells, in the words of the operational log.

import type { CaptureMessage, OpenedMessage } from '../capture/messages.js';
import type { Settings } from '../config/settings.js';
import { linkTypeName } from '../wire/layers.js';
import { say } from './say.js';
import type { Totals } from './totals.js';

/** Says a message of the capture thread and books the sources it names. */
export function narrate(message: CaptureMessage, { settings, totals }: { settings: Settings; totals: Totals }): void {
  switch (message.type) {
    case 'opened':
      totals.opened(message.row, message.name, settings.files.length === 0);
      if (settings.files.length === 0) say(`${message.name}: ${opened(message, settings)}`);
      return;
    case 'local':
      say(`local addresses: ${message.addresses.length === 0 ? 'none' : message.addresses.join(', ')}`);
      return;
    case 'ready':
      say(`ready, records go to ${settings.directory === '-' ? 'standard output' : settings.directory}`);
      return;
    default:
      say(message.text);
  }
}

function opened(message: OpenedMessage, settings: Settings): string {
  const parts = [`link type ${linkTypeName(message.linkType)}`, `snaplen ${settings.snaplen}`];
  if (message.bufferBytes !== undefined) parts.push(`buffer ${message.bufferBytes} bytes`);
  if (message.timestampPrecision !== undefined) parts.push(`time stamps in ${message.timestampPrecision}`);
  if (message.filter !== undefined) parts.push(`filter ${message.filter}`);
  return parts.join(', ');
}
