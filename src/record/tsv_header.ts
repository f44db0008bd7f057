// What stands at the top of a tsv file: Zeek's description of the columns. It is the log's to write, once a file.

import { columnType } from './tsv_columns.js';
import { TSV_EMPTY, TSV_UNSET } from './tsv_text.js';

export interface TsvHeader {
  /** The lines, as of now. */
  begin(now: Date): string;
  /** the last two of them */
  readonly columns: string;
}

/** The stream that `#path` names: not Zeek's `http`, whose columns are others. */
const PATH = 'httplog';

/** @param columns names (tsv_columns.ts) in their order */
export function tsvHeader(columns: readonly string[]): TsvHeader {
  const described = `#fields\t${columns.join('\t')}\n#types\t${columns.map(columnType).join('\t')}\n`;
  const separators = `#separator \\x09\n#set_separator\t,\n#empty_field\t${TSV_EMPTY}\n#unset_field\t${TSV_UNSET}\n#path\t${PATH}\n`;
  return {
    columns: described,
    // 2026-11-21-17-31-30, UTC as the days of the files
    begin: (now) => `${separators}#open\t${now.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}\n${described}`,
  };
}
