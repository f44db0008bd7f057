// Putting a Unix socket where it has to be, and taking it away again: what is there and not a dead socket is never touched.
//
// The socket is bound beside its place under a name of its own, gets owner and mode there, and is then linked to its place: link(2) fails
// where there is something, and nobody ever sees a socket that is not ready, or that everybody may connect to.

import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, unlinkSync, type Stats } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { dirname, resolve } from 'node:path';
import { refuseUnsafe, trustOfRoot } from '../log/directory_guard.js';
import { errorCode, systemReason } from '../log/log_error.js';
import { EndpointError } from './endpoint_error.js';
import { SocketLock } from './socket_lock.js';

/** sun_path of struct sockaddr_un (linux/un.h), its NUL left out. */
const MOST_PATH_BYTES = 107;
const BOUND_SUFFIX = '.new';
const DIRECTORY_MODE = 0o755;
const NOBODY_ELSE = 0o177;
/** Somebody who puts something there while we look makes us look again. */
const MOST_TRIES = 5;
const PURPOSE = { verb: 'put a socket into', option: '-s' };

export interface SocketPlace {
  readonly path: string;
  /** who may connect: write permission, as octal digits say it */
  readonly mode: number;
  /** undefined: this process's, or the owner's */
  readonly gid?: number | undefined;
  /** the user that this process becomes later; undefined: it stays who it is */
  readonly owner?: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
}

/** A socket in its place. */
export interface PlacedSocket {
  readonly path: string;
  /** Takes it away if it is still ours. @returns why that could not be; undefined: it is gone */
  remove(): string | undefined;
}

/**
 * Makes the server listen there.
 * @throws EndpointError, LogError in one line for the user
 */
export async function placeSocket(server: Server, place: SocketPlace): Promise<PlacedSocket> {
  const path = resolve(place.path);
  const bytes = Buffer.byteLength(path) + BOUND_SUFFIX.length;
  if (bytes > MOST_PATH_BYTES) {
    throw new EndpointError(`cannot listen on ${path}: the path has more than ${MOST_PATH_BYTES - BOUND_SUFFIX.length} bytes; choose a shorter one with -s`);
  }
  makeDirectory(dirname(path), place.owner);
  const lock = SocketLock.acquire(path);
  try {
    const placed = await bindThere(server, path, place);
    return { path, remove: () => removeOurs(path, placed, lock) };
  } catch (error) {
    lock.release();
    if (error instanceof EndpointError) throw error;
    throw new EndpointError(`cannot listen on ${path}: ${systemReason(error)}; choose another socket with -s`, { cause: error });
  }
}

function makeDirectory(directory: string, owner: SocketPlace['owner']): void {
  const trust = trustOfRoot(owner);
  if (trust !== undefined) refuseUnsafe(directory, trust, PURPOSE);
  try {
    mkdirSync(directory, DIRECTORY_MODE);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    throw new EndpointError(`cannot make ${directory}: ${systemReason(error)}; make it, or choose another socket with -s`, { cause: error });
  }
  if (owner !== undefined) chownSync(directory, owner.uid, owner.gid);
}

/** @returns what tells our socket from every other file */
async function bindThere(server: Server, path: string, place: SocketPlace): Promise<Stats> {
  await makeWay(path);
  const bound = `${path}${BOUND_SUFFIX}`;
  // Under our lock nobody else makes one: it was left behind.
  if (lstatSync(bound, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(bound);
  await listen(server, bound);
  try {
    const { owner } = place;
    const gid = place.gid ?? owner?.gid;
    if (owner !== undefined || gid !== undefined) own(bound, owner?.uid ?? process.geteuid?.() ?? 0, gid ?? process.getegid?.() ?? 0);
    chmodSync(bound, place.mode);
    for (let tries = 1; ; tries++) {
      try {
        linkSync(bound, path);
        return lstatSync(path);
      } catch (error) {
        if (errorCode(error) !== 'EEXIST' || tries === MOST_TRIES) throw error;
        await makeWay(path);
      }
    }
  } catch (error) {
    server.close();
    throw error;
  } finally {
    unlinkSync(bound);
  }
}

function own(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    throw new EndpointError(`cannot give the socket to group ${gid}: ${systemReason(error)}; take a group of this user's with --socket-group, or start httplog as root`, { cause: error });
  }
}

/** Removes a socket that nobody listens on. @throws EndpointError when something else is there */
async function makeWay(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) {
    const what = status.isSymbolicLink() ? 'a symbolic link' : status.isDirectory() ? 'a directory' : 'no socket';
    throw new EndpointError(`cannot listen on ${path}: it is ${what}; remove it, or choose another socket with -s`);
  }
  const answer = await connectTo(path);
  switch (answer) {
    case 'ECONNREFUSED':
      unlinkSync(path);
      return;
    case 'ENOENT':
      return;
    case undefined:
    case 'EAGAIN':
      throw new EndpointError(`cannot listen on ${path}: another program does already; stop it, or choose another socket with -s`);
    default:
      throw new EndpointError(`cannot listen on ${path}: nobody can tell whether the socket there is in use (${answer}); remove it, or choose another one with -s`);
  }
}

/** @returns the error of connecting; undefined: somebody listens */
function connectTo(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(errorCode(error)));
  });
}

/** Binding happens inside the call: the mask that keeps everybody else out holds for it alone. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const mask = process.umask(NOBODY_ELSE);
    try {
      server.listen({ path, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function removeOurs(path: string, placed: Stats, lock: SocketLock): string | undefined {
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.ino === placed.ino && there.dev === placed.dev) unlinkSync(path);
    return undefined;
  } catch (error) {
    return `cannot remove ${path}: ${systemReason(error)}; the next start replaces it`;
  } finally {
    lock.release();
  }
}
