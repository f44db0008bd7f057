// The `format` files of tracefs: where the kernel says which field lies where. Nothing about a record is assumed.

/** Where a field lies in its record, in bytes. */
export interface TraceField {
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

export interface TraceFormat {
  /** number of the event, which its records carry; undefined in the header's format */
  readonly id: number | undefined;
  readonly fields: ReadonlyMap<string, TraceField>;
}

/**
 * Reads a format file (Documentation/trace/events.rst of the kernel), an event's or events/header_page.
 * @returns fields by name; lines that are none are passed over
 */
export function parseTraceFormat(text: string): TraceFormat {
  const fields = new Map<string, TraceField>();
  let id: number | undefined;
  for (const line of text.split('\n')) {
    const number = /^ID:\s*(\d+)\s*$/.exec(line);
    if (number !== null) id = Number(number[1]);
    const match = /^\s*field:\s*[^;]*?([A-Za-z_]\w*)(?:\[[^\]]*\])?;\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?/.exec(line);
    if (match === null) continue;
    const [, name, offset, size, signed] = match;
    fields.set(name, { offset: Number(offset), size: Number(size), signed: signed === '1' });
  }
  return { id, fields };
}

/**
 * A field that has to be there.
 * @param sizes it may have
 * @throws Error that names it
 */
export function needField({ fields }: TraceFormat, name: string, ...sizes: readonly number[]): TraceField {
  const field = fields.get(name);
  if (field === undefined) throw new Error(`the trace event has no field ${name}`);
  if (!sizes.includes(field.size)) throw new Error(`field ${name} of the trace event has ${field.size} bytes`);
  return field;
}
