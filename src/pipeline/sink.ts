// Where the lines of a run go.

import type { Settings } from '../config/settings.js';
import { DailyFiles } from '../log/daily_files.js';
import { EXTENSIONS } from '../log/file_names.js';
import type { RetentionOptions } from '../log/housekeeper.js';
import type { LineSink } from '../log/line_sink.js';
import { StandardOutput } from '../log/standard_output.js';
import type { WriteLedger } from '../log/write_ledger.js';
import { localOffset, utcOffset } from '../record/clock.js';
import { tsvHeader } from '../record/tsv_header.js';
import { say } from './say.js';

/**
 * Opens standard output or the log directory.
 * @param onClosed the reader of standard output is gone
 * @throws LogError when the directory cannot be made, written or locked
 */
export async function openSink(settings: Settings, ledger: WriteLedger, onClosed: () => void): Promise<LineSink> {
  const header = settings.format === 'tsv' ? tsvHeader(settings.fields) : undefined;
  if (settings.directory === '-') return new StandardOutput({ ledger, onClosed, header });
  return DailyFiles.open({
    directory: settings.directory,
    split: settings.split,
    extension: EXTENSIONS[settings.format],
    rotation: settings.rotation,
    retention: retentionOf(settings),
    ledger,
    header,
  });
}

/** Files that a replay finds or makes are nobody's to remove. */
function retentionOf({ files, format, utc, compress, retainDays, maxDiskBytes, minFreePercent }: Settings): RetentionOptions | undefined {
  if (files.length > 0) return undefined;
  return { compress, retainDays, maxDiskBytes, minFreePercent, zone: utc || format !== 'text' ? utcOffset : localOffset, say };
}
