// The expressions of -include and -exclude, between text and rules:
//
//   host=*.example.com path=/api/*,/v1/* or status=5??
//
// Blanks join conditions that must all hold, the word `or` (or giving the option again) separates rules of which one is enough,
// commas separate values of which one is enough. In host, path, method and status `*` is any run of bytes, `?` is one, and `\`
// takes the character behind it as it is (a blank, a comma, `*`, `?`, `\`).

import { formatNetwork, parseNetwork } from './network.js';
import type { Condition, Network, Rule } from './settings.js';

export const RULES_ACCEPT = 'conditions such as host=*.example.com path=/api/*,/v1/* status=5?? method=GET,POST addr=10.0.0.0/8, '
  + 'joined by blanks (all hold) and the word or';

/** Longest glob, in UTF-8: 33 words of places (policy/glob.ts). */
export const MOST_GLOB_BYTES = 1024;
/** What stands between blanks, with each backslash and what it takes. */
const WORDS = /(?:\\[^]|[^\s\\])+/g;
/** A comma that no backslash takes: an even number of them stands before it. */
const COMMA = /(?<=(?:^|[^\\])(?:\\\\)*),/;
/** A backslash with nothing to take. */
const LONE_BACKSLASH = /(?<!\\)(?:\\\\)*\\$/;
const STATUS = /^[\d?*]+$/;

/** Rules of all the texts; undefined when one of them is none. */
export function parseRules(texts: readonly string[]): readonly Rule[] | undefined {
  const rules: Rule[] = [];
  for (const text of texts) {
    if (LONE_BACKSLASH.test(text)) return undefined;
    let rule: Condition[] = [];
    for (const word of [...(text.match(WORDS) ?? []), 'or']) {
      if (word !== 'or') {
        const condition = parseCondition(word);
        if (condition === undefined) return undefined;
        rule.push(condition);
        continue;
      }
      if (rule.length === 0) return undefined;
      rules.push(rule);
      rule = [];
    }
  }
  return rules;
}

export function formatRules(rules: readonly Rule[]): string {
  return rules.map((rule) => rule.map(formatCondition).join(' ')).join(' or ');
}

function formatCondition(condition: Condition): string {
  const values = condition.field === 'addr' ? condition.networks.map(formatNetwork) : condition.globs;
  return `${condition.field}=${values.join(',')}`;
}

function parseCondition(word: string): Condition | undefined {
  const [, field, list] = /^([a-z]+)=([^]+)$/.exec(word) ?? [];
  if (field === undefined) return undefined;
  const values = list.split(COMMA);
  if (values.some((value) => value === '' || new TextEncoder().encode(value).length > MOST_GLOB_BYTES)) return undefined;
  switch (field) {
    case 'addr': {
      const networks = values.map(parseNetwork).filter((network): network is Network => network !== undefined);
      return networks.length === values.length ? { field, networks } : undefined;
    }
    case 'status': return values.every((value) => STATUS.test(value)) ? { field, globs: values } : undefined;
    case 'host': case 'path': case 'method': return { field, globs: values };
    default: return undefined;
  }
}
