// So that an interface that goes up and down all day, or a client that asks nonsense, cannot flood the operational log.

import type { LogLevel } from '../config/settings.js';

/** Messages of a kind that are shown within a minute. */
const MOST_A_MINUTE = 10;
const WINDOW_MS = 60_000;
/** Kinds kept apart at a time; more of them share what one kind may say. */
const MOST_KINDS = 256;
const OTHERS = '';

interface Kind {
  readonly beganMs: number;
  said: number;
  suppressed: number;
  /** of the last one suppressed */
  text: string;
  level: LogLevel;
}

/** Decides which messages are shown. Messages are of one kind when they differ in figures alone, or when who says them knows better. */
export class MessageLimit {
  private readonly kinds = new Map<string, Kind>();
  private timer: NodeJS.Timeout | undefined;

  /** @param tell says how many messages of a kind were not shown within a minute, and the last of them */
  constructor(private readonly tell: (text: string, level: LogLevel, times: number) => void) {}

  /**
   * Whether to show a message.
   * @param nowMs a monotonic clock
   * @param form what messages of its kind have in common
   */
  allows(text: string, level: LogLevel, nowMs: number, form = text): boolean {
    this.expire(nowMs);
    const kind = this.kindOf(text, level, nowMs, form);
    if (kind.said < MOST_A_MINUTE) {
      kind.said++;
      return true;
    }
    kind.suppressed++;
    kind.text = text;
    kind.level = level;
    // Its minute may end with nothing more to say: somebody has to tell then.
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.expire(performance.now());
    }, WINDOW_MS).unref();
    return false;
  }

  /** Tells at once what has not been shown. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.expire(Infinity);
  }

  private kindOf(text: string, level: LogLevel, nowMs: number, form: string): Kind {
    const name = `${level} ${form.replaceAll(/\d+/g, '#')}`;
    const known = this.kinds.get(name);
    if (known !== undefined) return known;
    const key = this.kinds.size < MOST_KINDS ? name : OTHERS;
    const kind = this.kinds.get(key) ?? { beganMs: nowMs, said: 0, suppressed: 0, text, level };
    this.kinds.set(key, kind);
    return kind;
  }

  /** Forgets the kinds whose minute is over. They stand in the order in which they began. */
  private expire(nowMs: number): void {
    for (const [key, { beganMs, suppressed, text, level }] of this.kinds) {
      if (nowMs - beganMs < WINDOW_MS) return;
      this.kinds.delete(key);
      if (suppressed > 0) this.tell(text, level, suppressed);
    }
  }
}
