// UDP has no connections: packets between the same two ends are a conversation, until there were none for a while.

import { monotonicNs } from '../host/clocks.js';
import { endsKey, type Ends } from '../host/socket_ends.js';
import type { Book, Entry } from './book.js';

/** As long as most routers remember one. */
const UDP_IDLE_MS = 60_000;
const CHECK_MS = 5000;
const MOST_CONVERSATIONS = 65_536;
const MS_NS = 1e6;

interface Conversation {
  readonly entry: Entry;
  readonly keys: string[];
  lastNs: number;
  sent: number;
  received: number;
}

export class UdpConversations {
  /** that gave way to newer ones */
  evicted = 0;
  private readonly byKey = new Map<string, Conversation>();
  private readonly byEnds = new Map<string, Conversation>();
  private checkedMs = performance.now();
  /** of the packet that began none yet */
  private key = '';
  private payload = 0;

  /** @param lookUp finds the process of a new one */
  constructor(private readonly book: Book, private readonly lookUp: (entry: Entry) => void) {}

  get dueMs(): number | undefined {
    return this.byEnds.size === 0 ? undefined : this.checkedMs + CHECK_MS;
  }

  /**
   * A packet passes: the common case costs one look into a map.
   * @param addresses offset of source and destination
   * @param ports offset of theirs
   * @param payload bytes
   * @returns whether it belongs to a conversation that is known
   */
  packet(view: DataView, addresses: number, addressBytes: number, ports: number, isOutgoing: boolean, payload: number, ns: number): boolean {
    const bytes = Buffer.from(view.buffer, view.byteOffset);
    const key = (isOutgoing ? '>' : '<') + bytes.toString('latin1', addresses, addresses + 2 * addressBytes) + bytes.toString('latin1', ports, ports + 4);
    const known = this.byKey.get(key);
    this.key = key;
    this.payload = payload;
    if (known === undefined) return false;
    count(known, isOutgoing, payload, ns);
    return true;
  }

  /** The packet was the first of its conversation in its direction. */
  begin(ends: Ends, isOutgoing: boolean, ns: number): void {
    const name = endsKey(ends);
    let conversation = this.byEnds.get(name);
    if (conversation === undefined) {
      // A socket that was connected before us has been told.
      const entry = this.book.withEnds('udp', ends)[0] ?? this.open(ends, isOutgoing, ns);
      conversation = { entry, keys: [], lastNs: ns, sent: 0, received: 0 };
      if (this.byEnds.size >= MOST_CONVERSATIONS) this.evictOldest();
      this.byEnds.set(name, conversation);
    }
    conversation.keys.push(this.key);
    this.byKey.set(this.key, conversation);
    count(conversation, isOutgoing, this.payload, ns);
  }

  private open(ends: Ends, isOutgoing: boolean, ns: number): Entry {
    const entry = this.book.add({ protocol: 'udp', ends, direction: isOutgoing ? 'out' : 'in', sinceNs: ns, isPending: true });
    this.book.tell(entry, 'open', ns);
    this.lookUp(entry);
    return entry;
  }

  /** Ends those that were silent for too long. */
  expire(): void {
    const nowMs = performance.now();
    if (nowMs - this.checkedMs < CHECK_MS) return;
    this.checkedMs = nowMs;
    const idleNs = Number(monotonicNs()) - UDP_IDLE_MS * MS_NS;
    for (const [name, conversation] of this.byEnds) {
      if (conversation.lastNs > idleNs) continue;
      const { entry, lastNs, sent, received } = conversation;
      this.forget(name, conversation);
      this.book.tell(entry, 'close', lastNs, { sent: BigInt(sent), received: BigInt(received) });
    }
  }

  private evictOldest(): void {
    const [oldest] = this.byEnds;
    this.forget(...oldest);
    this.evicted++;
  }

  private forget(name: string, conversation: Conversation): void {
    this.byEnds.delete(name);
    for (const key of conversation.keys) this.byKey.delete(key);
    this.book.remove(conversation.entry);
  }
}

function count(conversation: Conversation, isOutgoing: boolean, payload: number, ns: number): void {
  conversation.lastNs = ns;
  if (isOutgoing) conversation.sent += payload;
  else conversation.received += payload;
}
