// The rules of -include and -exclude, compiled: which records they mean. README.md says what each condition compares.

import type { Condition, Network, Rule } from '../config/settings.js';
import { LocalAddresses } from '../record/locality.js';
import { Glob } from './glob.js';
import { type Subject, TEXT } from './subject.js';

/** Rules of which one is enough; no rules mean no record. */
export class Rules {
  private readonly rules: readonly (readonly Test[])[];

  constructor(rules: readonly Rule[]) {
    this.rules = rules.map((conditions) => conditions.map(compile));
  }

  /** Whether every condition of one of the rules holds. */
  match(subject: Subject): boolean {
    for (let i = 0; i < this.rules.length; i++) if (allHold(this.rules[i], subject)) return true;
    return false;
  }
}

interface Test {
  holds(subject: Subject): boolean;
}

function allHold(tests: readonly Test[], subject: Subject): boolean {
  for (let i = 0; i < tests.length; i++) if (!tests[i].holds(subject)) return false;
  return true;
}

function compile(condition: Condition): Test {
  switch (condition.field) {
    case 'addr': return new AddressTest(condition.networks);
    case 'host': return new TextTest(TEXT.HOST, condition.globs, true);
    case 'path': return new TextTest(TEXT.PATH, condition.globs, false);
    case 'method': return new TextTest(TEXT.METHOD, condition.globs, true);
    case 'status': return new TextTest(TEXT.STATUS, condition.globs, false);
  }
}

/** One of the globs matches; what a record does not have matches none. */
class TextTest implements Test {
  private readonly globs: readonly Glob[];

  constructor(private readonly text: number, globs: readonly string[], foldCase: boolean) {
    this.globs = globs.map((glob) => new Glob(glob, foldCase));
  }

  holds(subject: Subject): boolean {
    const { text, globs } = this;
    const start = subject.start[text];
    if (start < 0) return false;
    for (let i = 0; i < globs.length; i++) if (globs[i].matches(subject.bytes[text], start, subject.end[text])) return true;
    return false;
  }
}

/** Source or destination is in one of the networks. */
class AddressTest implements Test {
  private readonly networks: LocalAddresses;

  constructor(networks: readonly Network[]) {
    this.networks = new LocalAddresses(networks);
  }

  holds({ addressBytes, source, destination, addressLength }: Subject): boolean {
    return this.networks.has(addressBytes, source, addressLength) || this.networks.has(addressBytes, destination, addressLength);
  }
}
