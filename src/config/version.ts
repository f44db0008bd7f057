// What -v prints, from the one place where the version stands.

import { readFileSync } from 'node:fs';

/** The version of package.json. */
export function version(): string {
  const { version: text } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return text;
}
