// The reader of httplog's standard output: counts the lines, and looks at each.

const RECORD = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+#\d+ \S+#\d+ (?:[CS]Q \S+ \S+ HTTP\/1\.\d \S+ .+|[CS]R HTTP\/1\.\d \d{3} .+)$/;

export class RecordPipe {
  lines = 0;
  bytes = 0;
  /** the first line that is no record, if any */
  broken: string | undefined;
  private rest = '';

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    const lines = (this.rest + chunk.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    this.lines += lines.length;
    if (this.broken === undefined) this.broken = lines.find((line) => !RECORD.test(line));
  }

  /** To be called at the end of the output. */
  finish(): void {
    if (this.rest !== '') this.broken ??= `the output ends inside a line: ${this.rest}`;
  }
}
