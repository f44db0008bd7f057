// Errors of the one who called us, and how text from outside is shown in them.

/** Wrong usage or configuration (exit code 2): `message` is one line for the user: where, what, and what is accepted. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const SHOWN_CHARACTERS = 100;
/** Control, format (bidi), unassigned and line-breaking characters, and the backslash that stands for them. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\\]/gu;

/** Unprintable characters and the backslash as `\xHH`, a byte of their UTF-8 each, so that none can command a terminal. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    let escaped = '';
    for (const byte of new TextEncoder().encode(character)) escaped += `\\x${byte.toString(16).padStart(2, '0')}`;
    return escaped;
  });
}

/** Text from outside as it stands in a message: quoted, escaped, cut to 100 characters. */
export function shown(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return `'${escapeUnprintable(text)}'`;
  return `'${escapeUnprintable(text.slice(0, SHOWN_CHARACTERS))}…' (${text.length} characters)`;
}
