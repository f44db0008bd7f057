// What happens to a record between recognition and its line: whether it is written at all (-include, -exclude, -sample), and what of
// it is not shown (-anonymize, -redact). Compiled once; nothing here allocates.

import type { PolicySettings } from '../config/settings.js';
import { COUNTER } from '../record/counters.js';
import type { RecordView } from '../record/view.js';
import { Anonymizer } from './anonymize.js';
import { keepsFlow } from './flow_sample.js';
import { Redactor } from './redactor.js';
import { Rules } from './rules.js';
import { Subject } from './subject.js';

/** Answer of leftOut(): the record is written. */
export const WRITTEN = -1;

export class Policy {
  private readonly include: Rules | undefined;
  private readonly exclude: Rules | undefined;
  private readonly subject = new Subject();
  private readonly sample: number;
  private readonly anonymizer: Anonymizer | undefined;
  private readonly redactor: Redactor | undefined;

  /**
   * @param headers the header fields that were asked for, in the order of their slots (record/values.ts)
   * @param payloadBytes the most that is read of a payload
   */
  constructor(settings: PolicySettings, headers: readonly string[], payloadBytes: number) {
    const { include, exclude, sample, anonymize, redact } = settings;
    this.include = include.length === 0 ? undefined : new Rules(include);
    this.exclude = exclude.length === 0 ? undefined : new Rules(exclude);
    this.sample = sample;
    this.anonymizer = anonymize.ipv4 === 32 && anonymize.ipv6 === 128 ? undefined : new Anonymizer(anonymize);
    this.redactor = redact === 'off' ? undefined : new Redactor(redact, headers, payloadBytes);
  }

  /**
   * Whether the record is left out, by its real addresses and values: to be asked before hide().
   * @returns the counter of the reason, or WRITTEN
   */
  leftOut(view: RecordView): number {
    if (this.include !== undefined || this.exclude !== undefined) {
      this.subject.take(view);
      if (this.exclude?.match(this.subject) || this.include?.match(this.subject) === false) return COUNTER.EXCLUDED;
    }
    if (this.sample === 1) return WRITTEN;
    const { addressBytes, source, destination, frame } = view;
    return keepsFlow(this.sample, addressBytes, source, destination, frame.addressLength, frame.sourcePort, frame.destinationPort)
      ? WRITTEN : COUNTER.SAMPLED_OUT;
  }

  /** Cuts the addresses and replaces the secrets of a record that is written. */
  hide(view: RecordView): void {
    this.anonymizer?.apply(view);
    this.redactor?.apply(view);
  }
}
