// Times of events as people and programs read them.

const MS_NS = 1_000_000n;
const SECOND_NS = 1_000_000_000n;

/** `2026-11-21T20:44:30.123456Z`; nanoseconds since 1970. @param digits of the second's fraction, 3 to 9 */
export function isoTime(ns: bigint, digits: 6 | 9): string {
  const fraction = String(ns % SECOND_NS).padStart(9, '0').slice(0, digits);
  return `${new Date(Number(ns / MS_NS)).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}.${fraction}Z`;
}

/** `2022-07-27 22:23:15` in this host's time zone. */
export function localTime(ns: bigint, separator: string): string {
  const time = new Date(Number(ns / MS_NS));
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}${separator}${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
