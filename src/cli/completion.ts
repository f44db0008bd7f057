// httplog completion SHELL: prints what the build made for that shell (scripts/make_share.ts).

import { readFileSync } from 'node:fs';
import { shown, UsageError } from '../config/usage_error.js';
import { COMPLETION_COMMAND, SHELLS, type Shell } from './commands.js';

/** Below lib/share, as below /usr/share. */
const PLACES: Readonly<Record<Shell, string>> = {
  bash: 'bash-completion/completions/httplog',
  zsh: 'zsh/site-functions/_httplog',
  fish: 'fish/vendor_completions.d/httplog.fish',
};

const HELP = `Usage: httplog ${COMPLETION_COMMAND.name} ${SHELLS.join('|')}

Prints what makes that shell complete the options of httplog. For this session and, in its start-up file, for every later one:
  bash  source <(httplog completion bash)
  zsh   source <(httplog completion zsh)     after compinit
  fish  httplog completion fish | source
`;

/** Where the completion of a shell lies. */
export function completionFile(shell: Shell): URL {
  return new URL(`../../../lib/share/${PLACES[shell]}`, import.meta.url);
}

/**
 * What the command prints, its last line ended.
 * @param argv what stands behind `httplog completion`
 * @throws UsageError when that is not one shell
 */
export function renderCompletion(argv: readonly string[]): string {
  const [word] = argv;
  if (/^--?h(?:elp)?$/.test(word ?? '')) return HELP;
  const shell = SHELLS.find((name) => name === word);
  if (shell !== undefined && argv.length === 1) return readFileSync(completionFile(shell), 'utf8');
  const wanted = `wanted one shell: ${SHELLS.join(', ')}`;
  throw new UsageError(word === undefined ? `httplog completion: ${wanted}` : `httplog completion: cannot use ${shown(argv.join(' '))}; ${wanted}`);
}
