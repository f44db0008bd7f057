// A wire between this namespace and one that a test made: what comes from here comes from the host's own namespaces, where process
// events and the kernel's trace are.

import { command } from './command.js';
import type { End } from './netns.js';

export interface HostLink {
  /** here */
  readonly device: string;
  readonly ipv4: string;
  /** the other end */
  readonly peer: End;
  close(): void;
}

let serial = 0;

/**
 * Makes a veth pair to a namespace. It goes with close(), and with the namespace.
 * @throws Error without root
 */
export function linkHost({ namespace }: End): HostLink {
  const number = ++serial;
  const device = `hlh${process.pid}x${number}`;
  const far = `hlf${number}`;
  const mac = `02:00:00:00:fe:${number.toString(16).padStart(2, '0')}`;
  // Of the addresses set aside for benchmarks (RFC 2544), the half that makeNetwork() does not use.
  const net = `198.19.${process.pid & 255}.${((process.pid >> 8) & 31) * 8 + (number & 1) * 4}`.split('.').map(Number);
  const address = (host: number): string => [...net.slice(0, 3), net[3] + host].join('.');
  command(['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', far, 'address', mac, 'netns', namespace]);
  try {
    command(['sh', '-ec', `
      ip link set ${device} addrgenmode none; ip -n ${namespace} link set ${far} addrgenmode none
      ip addr add ${address(1)}/30 dev ${device}; ip link set ${device} up
      ip -n ${namespace} addr add ${address(2)}/30 dev ${far}; ip -n ${namespace} link set ${far} up`]);
  } catch (error) {
    command(['ip', 'link', 'del', device]);
    throw error;
  }
  return {
    device,
    ipv4: address(1),
    peer: { namespace, device: far, mac, ipv4: address(2), ipv6: '' },
    close: () => void command(['ip', 'link', 'del', device]),
  };
}
