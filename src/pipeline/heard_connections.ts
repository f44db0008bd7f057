// Connections whose first packet was heard, until the kernel's trace tells who called connect(2).

/** First packets that wait. */
const MOST_HEARD = 16_384;
/** What the clock that packets have and the trace's may be apart. */
export const CLOCKS_US = 200;

/** When a connection's first packet was seen. */
interface Heard {
  /** microseconds since 1970; 0: not known */
  readonly sinceUs: number;
}

export class HeardConnections<T extends Heard> {
  private readonly connections = new Map<string, T>();

  /** In place of one of that name; without room the oldest leaves. */
  put(name: string, connection: T): void {
    const { connections } = this;
    connections.delete(name);
    if (connections.size >= MOST_HEARD) connections.delete(connections.keys().next().value as string);
    connections.set(name, connection);
  }

  has(name: string): boolean {
    return this.connections.has(name);
  }

  /**
   * The one whose first packet was sent between two moments, microseconds since 1970: a connection with the same addresses and ports that
   * was heard at another time is another one. It is given once.
   */
  take(name: string, fromUs: number, untilUs: number): T | undefined {
    const connection = this.connections.get(name);
    if (connection === undefined) return undefined;
    const { sinceUs } = connection;
    if (sinceUs !== 0 && (sinceUs < fromUs - CLOCKS_US || sinceUs > untilUs + CLOCKS_US)) return undefined;
    this.connections.delete(name);
    return connection;
  }
}
