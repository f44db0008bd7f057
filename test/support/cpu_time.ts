// How much work something is, on a machine that may be busy with other things.

/** CPU time of this process for an action, in ms: what it takes, not how long one has to wait for it. */
export function cpuMs(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
