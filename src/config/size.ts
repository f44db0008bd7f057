// Sizes as people write them: a number of bytes, or of KiB, MiB, GiB, TiB.

const UNITS = ['', 'K', 'M', 'G', 'T'] as const;
const UNIT_STEP = 1024;

/**
 * `1048576`, `500M`, `10G`: K, M, G, T are powers of 1024. Small letters are not sizes: `15m` is a time.
 * @returns bytes; undefined for what is no size, below `least`, or beyond what counts exactly (8192T)
 */
export function parseSize(text: string, least: number): number | undefined {
  const [, number, unit] = /^(\d+)([KMGT]?)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const bytes = Number(number) * UNIT_STEP ** UNITS.findIndex((name) => name === unit);
  return bytes >= least && bytes <= Number.MAX_SAFE_INTEGER + 1 ? bytes : undefined;
}

/** The size in the largest unit that makes it a whole number: parseSize() takes it back. */
export function showSize(bytes: number): string {
  let power = 0;
  while (power < UNITS.length - 1 && bytes > 0 && bytes % UNIT_STEP ** (power + 1) === 0) power++;
  return `${bytes / UNIT_STEP ** power}${UNITS[power]}`;
}
