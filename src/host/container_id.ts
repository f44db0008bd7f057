// The container a process is in, from the paths of its control groups (cgroups(7)): container engines name their groups after it.

/** What stands for the container in a path, in the words of the engines that make such paths; the first that fits counts. */
const PATTERNS: readonly RegExp[] = [
  // docker/ID, kubepods/…/ID, docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope, crio-ID.scope, ecs/TASK/ID
  /[/:-]([0-9a-f]{64})(?:\.scope)?(?=[/\n]|$)/,
  // ECS on Fargate: the task's id, and a number
  /\/([0-9a-f]{32}-\d{1,20})(?=[/\n]|$)/,
  // lxc/NAME, lxc.payload/NAME, lxc.payload.NAME
  /[/:]lxc(?:\/|\.payload[/.])([^/\n]{1,255})/,
  // machine.slice/systemd-nspawn@NAME.service, machine.slice/machine-NAME.scope
  /\/systemd-nspawn@([^/\n]{1,255})\.service(?=[/\n]|$)/,
  /\/machine\.slice\/machine-([^/\n]{1,255})\.scope(?=[/\n]|$)/,
];
const ESCAPED = /\\x([0-9a-f]{2})/g;
/** conmon and friends stand beside the container, not in it. */
const MONITOR = /[/-](?:conmon|libpod-conmon|crio-conmon)-/;

/**
 * @param cgroup text of /proc/PID/cgroup, a character a byte
 * @returns the engine's name for the container; '' when it is in none that we know
 */
export function containerId(cgroup: string): string {
  const paths = cgroup.split('\n').filter((line) => !MONITOR.test(line)).join('\n');
  for (const pattern of PATTERNS) {
    const name = pattern.exec(paths)?.[1];
    // systemd writes `-` inside of a name as \x2d
    if (name !== undefined) return name.replaceAll(ESCAPED, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
  return '';
}

const MOST_KNOWN = 4096;

/** Remembers what paths mean: most processes share theirs. */
export class ContainerIds {
  private readonly known = new Map<string, Uint8Array>();

  /** @param cgroup bytes of /proc/PID/cgroup @returns bytes of the name, none when it is in no container */
  of(cgroup: Uint8Array): Uint8Array {
    const text = Buffer.from(cgroup.buffer, cgroup.byteOffset, cgroup.length).toString('latin1');
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const id = Uint8Array.from(containerId(text), (character) => character.charCodeAt(0));
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(text, id);
    return id;
  }
}
