// Who has a file of the log directory: the writer, that appends to it, or housekeeping, that removes or replaces it. Never both, or
// lines would go to a file that is gone. By name, within this process: the directory lock keeps others away.

export class FilesInUse {
  private readonly open = new Set<string>();
  /** by name: resolves when housekeeping lets it go */
  private readonly claimed = new Map<string, Promise<unknown>>();

  /** The writer opens the file; waits, briefly, while housekeeping has it. One at a time for a name. */
  async enter(name: string): Promise<void> {
    for (let claim = this.claimed.get(name); claim !== undefined; claim = this.claimed.get(name)) await claim;
    this.open.add(name);
  }

  /** The writer has closed it, or could not open it. */
  leave(name: string): void {
    this.open.delete(name);
  }

  /** Whether the writer has it open. */
  has(name: string): boolean {
    return this.open.has(name);
  }

  /**
   * Does something short to the file while the writer cannot open it.
   * @returns what `work` returns; undefined, without doing it, when somebody has the file
   */
  async claim<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.open.has(name) || this.claimed.has(name)) return undefined;
    const working = work();
    this.claimed.set(name, working.catch(() => undefined));
    try {
      return await working;
    } finally {
      this.claimed.delete(name);
    }
  }
}
