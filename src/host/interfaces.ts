// The interfaces of this network namespace for people: the list of -D, and which one to take when none is named.

import { readFileSync } from 'node:fs';
import { formatAddress } from '../config/network.js';
import { type LinkAddress, listAddresses } from './addresses.js';
import { type Link, listLinks } from './links.js';
import { RouteSocket } from './route_socket.js';

export interface InterfaceInfo extends Link {
  /** canonical text with /prefix */
  readonly addresses: readonly string[];
  /** its state in words, such as `up, running, loopback` */
  readonly description: string;
}

/**
 * The interfaces by rising index.
 * @throws Error when rtnetlink does not answer
 */
export function listInterfaces(): InterfaceInfo[] {
  const socket = new RouteSocket(0);
  try {
    const links = listLinks(socket);
    const addresses = listAddresses(socket);
    return links.map((link) => ({
      ...link,
      addresses: addresses.filter((address) => address.link === link.index).map(withPrefix),
      description: describe(link),
    }));
  } finally {
    socket.close();
  }
}

function withPrefix({ bytes, prefix }: LinkAddress): string {
  return `${formatAddress(bytes)}/${prefix}`;
}

function describe(link: Link): string {
  const words = [link.up ? 'up' : 'down'];
  if (link.up) words.push(link.running ? 'running' : 'no carrier');
  if (link.loopback) words.push('loopback');
  return words.join(', ');
}

/** eth0 if there is one, else the interface of the best default route (IPv4 first), else undefined. */
export function defaultInterface(): string | undefined {
  if (listInterfaces().some((link) => link.name === 'eth0')) return 'eth0';
  return (
    defaultRouteInterface(readTable('/proc/net/route'), parseIpv4Route) ??
    defaultRouteInterface(readTable('/proc/net/ipv6_route'), parseIpv6Route)
  );
}

/** A default route: where it leads and at what cost. */
interface DefaultRoute {
  readonly name: string;
  readonly metric: number;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // a kernel without this protocol
  }
}

/** The interface of the default route with the lowest metric in a table of /proc/net. */
export function defaultRouteInterface(table: string, parse: (columns: string[]) => DefaultRoute | undefined): string | undefined {
  const routes = table.split('\n').flatMap((line) => parse(line.trim().split(/\s+/)) ?? []);
  return routes.sort((a, b) => a.metric - b.metric)[0]?.name;
}

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/** /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask … (numbers in hexadecimal, Metric decimal). */
export function parseIpv4Route(columns: string[]): DefaultRoute | undefined {
  const [name, destination, , flags, , , metric, mask] = columns;
  if (destination !== '00000000' || mask !== '00000000' || !usable(flags)) return undefined;
  return { name, metric: Number(metric) };
}

/** /proc/net/ipv6_route: destination prefix source prefix next-hop metric refcnt use flags iface (all hexadecimal). */
export function parseIpv6Route(columns: string[]): DefaultRoute | undefined {
  const [destination, prefix, , , , metric, , , flags, name] = columns;
  if (!/^0{32}$/.test(destination) || prefix !== '00' || !usable(flags)) return undefined;
  return { name, metric: Number.parseInt(metric, 16) };
}

function usable(flags: string): boolean {
  return (Number.parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP;
}
