// One connection to a server, from the first byte to the last: says the password, hands on whole lines, tells why it ended.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { ConnectTarget } from '../../config/processes_settings.js';
import { shown } from '../../config/usage_error.js';
import { errorCode, systemReason } from '../../log/log_error.js';
import { EndpointError } from '../endpoint_error.js';
import { PROMPT, WELCOME, WRONG } from '../handshake_words.js';
import { LineSplitter } from './line_splitter.js';

/** No server makes lines as long as this; another one must not make us hold more. */
const MOST_LINE_BYTES = 1 << 20;
const MOST_GREETING_BYTES = 4096;
const CONNECT_MS = 10_000;
/** From the connection to the answer; a server keeps back a refusal for some seconds. */
const GREETING_MS = 20_000;
const KEEP_ALIVE_MS = 30_000;
/** How the line begins that a Unix socket has for a client too many. */
const REFUSED = '{"event":"refused"';

export interface SessionOptions {
  readonly target: ConnectTarget;
  /** undefined: a Unix socket, where none is asked for */
  readonly password: Buffer | undefined;
  /** PEM file of the issuers to trust; '' for those Node knows */
  readonly tlsCa: string;
  /** Takes whole lines; the next ones wait for it. */
  readonly onLines: (lines: readonly Uint8Array[]) => Promise<void>;
  /** Events come from now on; called once. */
  readonly onOpen: () => void;
  /** Aborted: the connection ends at once. */
  readonly signal: AbortSignal;
}

/** Why a session ended: `retry`: it may go better next time; `refused`: it never will. */
export interface SessionEnd {
  readonly outcome: 'retry' | 'refused';
  /** in words: what happened, what to do */
  readonly reason: string;
}

/** @returns why it ended; never rejects for what the server or the network do @throws EndpointError for a file that cannot be used */
export async function runSession(options: SessionOptions): Promise<SessionEnd> {
  const socket = open(options);
  const stop = (): void => void socket.destroy();
  options.signal.addEventListener('abort', stop);
  const late = setTimeout(() => socket.destroy(new Error('no answer in time')), CONNECT_MS);
  try {
    await connected(socket, 'host' in options.target && options.target.tls);
    clearTimeout(late);
    return await read(socket, options);
  } catch (error) {
    return { outcome: isHopeless(error) ? 'refused' : 'retry', reason: explain(error) };
  } finally {
    clearTimeout(late);
    options.signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function open({ target, tlsCa }: SessionOptions): Socket {
  if ('path' in target) return connect({ path: target.path });
  const { host, port } = target;
  if (!target.tls) return connect({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  const socket = connectSecurely({ host, port, minVersion: 'TLSv1.2', ...(tlsCa === '' ? {} : { ca: readAuthorities(tlsCa) }) });
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new EndpointError(`option --tls-ca: cannot read ${shown(path)}: ${systemReason(error)}`, { cause: error });
  }
}

function connected(socket: Socket, secure: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
  });
}

async function read(socket: Socket, options: SessionOptions): Promise<SessionEnd> {
  const rest = options.password === undefined ? undefined : await greet(socket, options.password);
  if (rest !== undefined && !Buffer.isBuffer(rest)) return rest;
  options.onOpen();
  const splitter = new LineSplitter(MOST_LINE_BYTES);
  if (rest !== undefined) socket.unshift(rest);
  let first = true;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const lines = splitter.push(chunk);
    if (lines === undefined) return { outcome: 'retry', reason: `the server sent a line of more than ${MOST_LINE_BYTES} bytes` };
    if (lines.length === 0) continue;
    if (first && Buffer.concat(lines).indexOf(REFUSED) === 0) return { outcome: 'retry', reason: 'the server serves as many clients as it may (-c)' };
    first = false;
    await options.onLines(lines);
  }
  const cut = splitter.unfinished > 0 ? ' inside a line, which is left out' : '';
  return { outcome: 'retry', reason: `the server closed the connection${cut}` };
}

/** @returns what came behind the welcome, which belongs to the events; or why there are none */
function greet(socket: Socket, password: Buffer): Promise<Buffer | SessionEnd> {
  return new Promise((resolve, reject) => {
    const greeting = new Greeting(socket, password);
    const late = setTimeout(() => socket.destroy(new Error('no answer to the password in time')), GREETING_MS);
    const onData = (chunk: Buffer): void => {
      const rest = greeting.push(chunk);
      if (rest === undefined && greeting.refusal === undefined) return;
      clearTimeout(late);
      socket.off('data', onData).pause();
      resolve(greeting.refusal ?? rest ?? Buffer.alloc(0));
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(late);
      resolve({ outcome: 'retry', reason: 'the server closed the connection before it let this client in' });
    });
  });
}

/** The handshake: waits to be asked, says the password, hears the answer. */
class Greeting {
  /** why it goes no further; undefined: it does */
  refusal: SessionEnd | undefined;
  private heard = Buffer.alloc(0);
  private said = false;

  constructor(private readonly socket: Socket, private readonly password: Buffer) {}

  /** @returns what belongs to the events already; undefined: it is not over, or has failed */
  push(chunk: Buffer): Buffer | undefined {
    this.heard = Buffer.concat([this.heard, chunk]);
    if (!this.said) {
      const asked = this.heard.indexOf(PROMPT);
      if (asked < 0) {
        if (this.heard.length > MOST_GREETING_BYTES) this.refusal = notOurs();
        return undefined;
      }
      this.said = true;
      this.heard = this.heard.subarray(asked + PROMPT.length);
      this.socket.write(Buffer.concat([this.password, Buffer.from('\n')]));
    }
    const end = this.heard.indexOf('\n') + 1;
    if (end === 0) {
      if (this.heard.length > MOST_GREETING_BYTES) this.refusal = notOurs();
      return undefined;
    }
    const answer = this.heard.toString('latin1', 0, end);
    if (answer === WELCOME) return this.heard.subarray(end);
    this.refusal = answer === WRONG
      ? { outcome: 'refused', reason: 'authentication failed: the password is wrong, or there were too many wrong ones from here' }
      : { outcome: 'retry', reason: `the server says ${shown(answer.trimEnd())}` };
    return undefined;
  }
}

function notOurs(): SessionEnd {
  return { outcome: 'refused', reason: 'that is no httplog processes: it does not ask for a password' };
}

/** What no second try mends: permissions, certificates, names that are none. */
function isHopeless(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'EACCES' || code === 'EPERM' || isCertificateError(code);
}

function isCertificateError(code: string): boolean {
  return code.startsWith('ERR_TLS_') || /CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'permission denied; its group may (--socket-group), or root',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host cannot be looked up now',
  EPROTO: 'no TLS there',
};

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (isCertificateError(code)) return `the server's certificate is not trusted: ${message}; --tls-ca FILE names what to trust`;
  if (code.startsWith('ERR_SSL_')) return `no TLS there (${code})`;
  return ADVICE[code] ?? (errorCode(error) === '' ? message : systemReason(error));
}
