// What -D prints: the interfaces that -i can name.

import { escapeUnprintable } from '../config/usage_error.js';
import { listInterfaces } from '../host/interfaces.js';

/** One line an interface: number, name, state, addresses; its last line ended. */
export function renderInterfaces(): string {
  const interfaces = listInterfaces();
  const nameWidth = Math.max(...interfaces.map(({ name }) => name.length), 0);
  const lines = interfaces.map(({ index, name, description, addresses }) => (
    `${String(index).padStart(3)} ${escapeUnprintable(name).padEnd(nameWidth)} [${description}] ${addresses.join(' ')}`.trimEnd()));
  return `${lines.join('\n')}\n`;
}
