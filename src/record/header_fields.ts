// Names of header fields that records take along when asked for (-headers, and -fields with `headers.NAME`).

/** Most names of one run, and bytes of a name: what a line needs for them stays small beside what messages need. */
const MOST_HEADERS = 64;
const MOST_NAME_BYTES = 64;

/** A field name is a token (RFC 9110 section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * @param names as a user writes them
 * @returns lower-case names, each once, in their order; undefined when one cannot be a field name or they are too many
 */
export function headerNames(names: readonly string[]): readonly string[] | undefined {
  if (!names.every((name) => TOKEN.test(name) && name.length <= MOST_NAME_BYTES)) return undefined;
  const unique = [...new Set(names.map((name) => name.toLowerCase()))];
  return unique.length <= MOST_HEADERS ? unique : undefined;
}
