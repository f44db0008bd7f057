// The option table's rows of what happens to a record between recognition and its line (policy/).

import { countRow } from './common_rows.js';
import type { OptionValues, SettingRow } from './option.js';
import { formatRules, parseRules, RULES_ACCEPT } from './rules.js';
import type { PolicySettings, PrefixLengths, RedactMode } from './settings.js';
import { parseInteger, parseSwitch } from './values.js';

const MOST_FLOWS = 0x7fffffff; // the hash has 31 bits
const WHOLE: PrefixLengths = { ipv4: 32, ipv6: 128 };

type Rows<Names extends keyof PolicySettings> = { readonly [Name in Names]: SettingRow<OptionValues[Name]> };

/** Which records are written. */
export const CHOICE_ROWS: Rows<'include' | 'exclude' | 'sample'> = {
  include: {
    name: 'include', kind: 'value', metavar: 'RULE', group: 'Selection', key: 'HTTPLOG_INCLUDE', applies: 'both', repeats: true,
    help: "log only records for which all conditions hold: 'path=/api/* addr=10.0.0.0/8'; repeated, or with the word or: any of the rules",
    default: 'every record',
    accepts: RULES_ACCEPT,
    parse: parseRules,
    show: formatRules,
    initial: () => [],
  },
  exclude: {
    name: 'exclude', kind: 'value', metavar: 'RULE', group: 'Selection', key: 'HTTPLOG_EXCLUDE', applies: 'both', repeats: true,
    help: 'leave out records for which all conditions hold, also those that -include names',
    default: 'none',
    accepts: RULES_ACCEPT,
    parse: parseRules,
    show: formatRules,
    initial: () => [],
  },
  sample: countRow({
    name: 'sample', metavar: 'N', group: 'Selection', key: 'HTTPLOG_SAMPLE', applies: 'both',
    help: 'log one flow in N, both directions, chosen by a hash of its addresses and ports',
  }, MOST_FLOWS, 1),
};

/** What of a record is not shown. */
export const PRIVACY_ROWS: Rows<'anonymize' | 'redact'> = {
  anonymize: {
    name: 'anonymize', kind: 'value', metavar: 'BITS', group: 'Output', key: 'HTTPLOG_ANONYMIZE', applies: 'both',
    help: 'show only the leading bits of addresses, of IPv4 and of IPv6 ones: 24,48',
    default: 'off',
    accepts: 'two prefix lengths, up to 32 and up to 128, such as 24,48; or off',
    parse: ([text]) => parsePrefixLengths(text),
    show: ({ ipv4, ipv6 }) => (ipv4 === WHOLE.ipv4 && ipv6 === WHOLE.ipv6 ? 'off' : `${ipv4},${ipv6}`),
    initial: () => WHOLE,
  },
  redact: {
    name: 'redact', kind: 'value', metavar: 'MODE', group: 'Output', key: 'HTTPLOG_REDACT', applies: 'both',
    help: 'on: REDACTED in place of passwords and tokens in URLs and of credentials in header fields; query: of every query value, too; off',
    default: 'on',
    complete: { words: ['on', 'query', 'off'] },
    accepts: 'on, query or off',
    parse: ([text]) => parseRedactMode(text),
    show: String,
    initial: () => 'on',
  },
};

function parsePrefixLengths(text: string): PrefixLengths | undefined {
  if (text === 'off') return WHOLE;
  const items = text.split(',').map((item) => item.trim());
  const ipv4 = parseInteger(items[0], 0, WHOLE.ipv4);
  const ipv6 = parseInteger(items[1] ?? '', 0, WHOLE.ipv6);
  return ipv4 === undefined || ipv6 === undefined || items.length > 2 ? undefined : { ipv4, ipv6 };
}

function parseRedactMode(text: string): RedactMode | undefined {
  if (text === 'query') return text;
  const on = parseSwitch(text);
  if (on === undefined) return undefined;
  return on ? 'on' : 'off';
}
