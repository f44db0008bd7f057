// Network namespaces joined by veth pairs: a wire of our own, away from the machine's network.
//
//     hub namespace                         leaf namespaces
//     eth0 198.18.1.1  2001:db8:1::1 ────── eth0 198.18.1.2  2001:db8:1::2
//     eth1 198.18.2.1  2001:db8:2::1 ────── eth0 198.18.2.2  2001:db8:2::2   …
//
// Addresses are those set aside for benchmarks (RFC 2544) and documentation (RFC 3849). They are gone with close(),
// at the end of the process and on its ending signals; what a killed run left behind goes at the next makeNetwork().

import { command, tryCommand } from './command.js';

/** One end of a veth pair. */
export interface End {
  readonly namespace: string;
  readonly device: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Link {
  readonly hub: End;
  readonly leaf: End;
}

export interface TestNetwork {
  /** the hub's end of the first link */
  readonly server: End;
  /** the leaf's end of the first link */
  readonly client: End;
  readonly links: readonly Link[];
  /** Ends every process inside and removes the namespaces. Safe to call twice. */
  close(): void;
}

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const alive = new Set<string>();
let serial = 0;
let watching = false;

/**
 * Makes a hub namespace and `leaves` namespaces around it, one veth pair each, ready to be used at once: offloads
 * off, so that no frame exceeds the MTU; no duplicate address detection; neighbours known.
 * @param prefix lower-case letters: names the namespaces PREFIX-PID-N-hub, PREFIX-PID-N-leaf1, …
 * @throws Error without root, or where a namespace cannot be made
 */
export function makeNetwork(prefix: string, leaves = 1): TestNetwork {
  if (process.getuid?.() !== 0) {
    throw new Error('network namespaces need root: run this with sudo');
  }
  removeStale(prefix);
  watchForTheEnd();
  const name = `${prefix}-${process.pid}-${++serial}`;
  const hub = `${name}-hub`;
  const names = [hub];
  const close = (): void => names.forEach(removeNamespace);
  try {
    addNamespace(hub);
    const links: Link[] = [];
    for (let number = 1; number <= leaves; number++) {
      const leaf = `${name}-leaf${number}`;
      names.push(leaf);
      addNamespace(leaf);
      links.push(addLink(hub, leaf, number));
    }
    return { server: links[0].hub, client: links[0].leaf, links, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The command that runs `argv` inside the namespace; `ip` replaces itself, so the PID is the program's. */
export function inNamespace(where: End | string, argv: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', typeof where === 'string' ? where : where.namespace, ...argv];
}

/** Switches offloads of one end: `tso`, `gso`, `gro`. */
export function setOffloads(end: End, state: 'on' | 'off', offloads: readonly string[] = ['tso', 'gso', 'gro']): void {
  command(inNamespace(end, ['ethtool', '-K', end.device, ...offloads.flatMap((offload) => [offload, state])]));
}

/** Deletes the veth pair of a link. */
export function removeLink({ hub }: Link): void {
  command(['ip', '-n', hub.namespace, 'link', 'del', hub.device]);
}

/** Makes the veth pair of a removed link again, with the names and addresses it had. */
export function restoreLink({ hub, leaf }: Link): void {
  addLink(hub.namespace, leaf.namespace, Number(hub.device.slice('eth'.length)) + 1);
}

function addNamespace(name: string): void {
  alive.add(name);
  command(['ip', 'netns', 'add', name]);
  command(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
}

function addLink(hubNamespace: string, leafNamespace: string, number: number): Link {
  const end = (namespace: string, device: string, host: number): End => ({
    namespace,
    device,
    mac: `02:00:00:00:${number.toString(16).padStart(2, '0')}:0${host}`,
    ipv4: `198.18.${number}.${host}`,
    ipv6: `2001:db8:${number.toString(16)}::${host}`,
  });
  const hub = end(hubNamespace, `eth${number - 1}`, 1);
  const leaf = end(leafNamespace, 'eth0', 2);
  command(['ip', '-n', hubNamespace, 'link', 'add', hub.device, 'address', hub.mac, 'type', 'veth',
    'peer', 'name', leaf.device, 'address', leaf.mac, 'netns', leafNamespace]);
  bringUp(hub, leaf);
  bringUp(leaf, hub);
  return { hub, leaf };
}

function bringUp(end: End, peer: End): void {
  setOffloads(end, 'off');
  // no link-local address: its detection and router solicitations would only be noise on the wire
  command(['ip', '-n', end.namespace, '-batch', '-'], [
    `link set ${end.device} addrgenmode none`,
    `addr add ${end.ipv4}/24 dev ${end.device}`,
    `addr add ${end.ipv6}/64 dev ${end.device} nodad`,
    `link set ${end.device} up`,
    `neigh replace ${peer.ipv4} lladdr ${peer.mac} dev ${end.device} nud permanent`,
    `neigh replace ${peer.ipv6} lladdr ${peer.mac} dev ${end.device} nud permanent`,
    '',
  ].join('\n'));
}

/** A namespace lives on while a process is inside, so those go first: all of them were started for this network. */
function removeNamespace(name: string): void {
  if (!alive.delete(name)) {
    return;
  }
  for (const pid of tryCommand(['ip', 'netns', 'pids', name]).stdout.split('\n').map(Number)) {
    if (pid > 1 && pid !== process.pid) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it ended by itself meanwhile
      }
    }
  }
  tryCommand(['ip', 'netns', 'del', name]);
}

function removeStale(prefix: string): void {
  for (const line of command(['ip', 'netns', 'list']).split('\n')) {
    const [name] = line.split(' ');
    const owner = new RegExp(`^${prefix}-(\\d+)-\\d+-`).exec(name);
    if (owner && !isRunning(Number(owner[1]))) {
      alive.add(name);
      removeNamespace(name);
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function watchForTheEnd(): void {
  if (watching) {
    return;
  }
  watching = true;
  const removeAll = (): void => [...alive].forEach(removeNamespace);
  process.on('exit', removeAll);
  for (const signal of ENDING_SIGNALS) {
    process.once(signal, () => {
      removeAll();
      // the handler is gone by now: the signal does what it would have done without us
      process.kill(process.pid, signal);
    });
  }
}
