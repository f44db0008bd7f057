// Makes lib/share, laid out as below /usr/share: the manual page and the completions of three shells. Part of the build.
//
//     node dist/scripts/make_share.js

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN_COMMAND, SHELLS, SUBCOMMANDS, type Shell } from '../src/cli/commands.js';
import { completionFile } from '../src/cli/completion.js';
import { version } from '../src/config/version.js';
import { bashCompletion } from './share/bash.js';
import { fishCompletion } from './share/fish.js';
import { manPage } from './share/man_page.js';
import { zshCompletion } from './share/zsh.js';

const MAN_PAGE = new URL('../../lib/share/man/man8/httplog.8', import.meta.url);
const COMPLETIONS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Record<Shell, unknown>;

/** The day of the build; for who wants the same bytes from the same source, https://reproducible-builds.org/specs/source-date-epoch/ */
function buildDate(): string {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return new Date(epoch === undefined ? Date.now() : Number(epoch) * 1000).toISOString().slice(0, 'YYYY-MM-DD'.length);
}

function write(file: URL, text: string): void {
  const path = fileURLToPath(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

write(MAN_PAGE, manPage(version(), buildDate()));
for (const shell of SHELLS) write(completionFile(shell), COMPLETIONS[shell]([MAIN_COMMAND, ...SUBCOMMANDS]));
