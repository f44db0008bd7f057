// What clients say: curl for what curl can say, raw bytes for the rest.

import type { CommandResult } from './command.js';
import { command, tryCommand } from './command.js';
import type { End } from './netns.js';
import { inNamespace } from './netns.js';
import { RAW_PEER } from './servers.js';

/** Each transfer of a command starts with these; `--next` forgets them. */
const COMMON = ['--silent', '--show-error', '--max-time', '60', '--user-agent', 'curl-test/1.0'];

/** Runs one curl inside the client's namespace; several URLs share a connection. Its exit status is not judged. */
export function curl(client: End, args: readonly string[]): CommandResult {
  return tryCommand(inNamespace(client, ['curl', ...COMMON, ...args]));
}

/** `http://host:port` of an end, the address in brackets where it is IPv6. */
export function baseUrl(server: End, port = 80, family: 4 | 6 = 4): string {
  const host = family === 4 ? server.ipv4 : `[${server.ipv6}]`;
  return `http://${host}${port === 80 ? '' : `:${port}`}`;
}

/** Arguments of one curl each, by what they show; `base` is a baseUrl() of startNginx(). */
export const CURL_SCENARIOS = {
  get: (base: string) => [`${base}/`],
  head: (base: string) => ['--head', `${base}/file-5000.bin`],
  notFound: (base: string) => [`${base}/does/not/exist?and=a&query=string`],
  redirect: (base: string) => ['--location', `${base}/old`],
  keepAlive: (base: string) => [`${base}/`, `${base}/file-0.bin`, `${base}/file-5000.bin`, `${base}/missing`, `${base}/echo`],
  http10: (base: string) => ['--http1.0', `${base}/file-1000.bin`],
  namedHost: (base: string) => ['--header', 'Host: www.example.test', '--user-agent', 'Mozilla/5.0 (X11; Linux x86_64)', `${base}/`],
  noFields: (base: string) => ['--header', 'Host;', '--header', 'User-Agent:', `${base}/nothing`],
  chunked: (base: string) => [`${base}/text`, '--next', ...COMMON, '--header', 'Accept-Encoding: gzip', `${base}/text`],
  postSmall: (base: string) => ['--data', 'name=value&other=1', `${base}/echo`],
  postLarge: (base: string) => ['--header', 'Expect: 100-continue', '--data-binary', 'x'.repeat(12_000), `${base}/nothing`],
  postChunked: (base: string) => ['--header', 'Transfer-Encoding: chunked', '--data-binary', 'chunk me '.repeat(300), `${base}/echo`],
  put: (base: string) => ['--request', 'PUT', '--data-binary', 'kept on the server', `${base}/dav/note.txt`],
  delete: (base: string) => ['--request', 'DELETE', `${base}/dav/note.txt`],
  options: (base: string) => ['--request', 'OPTIONS', `${base}/nothing`],
  asteriskForm: (base: string) => ['--request', 'OPTIONS', '--request-target', '*', `${base}/`],
  patch: (base: string) => ['--request', 'PATCH', '--data', '[]', `${base}/echo`],
  trace: (base: string) => ['--request', 'TRACE', `${base}/`],
  // curl takes a proxy without a port to be on port 1080
  connect: (base: string) => ['--proxytunnel', '--proxy', /:\d+$/.test(base) ? base : `${base}:80`, 'http://www.example.test:443/'],
  propfind: (base: string) => ['--request', 'PROPFIND', '--header', 'Depth: 1', `${base}/dav/`],
  report: (base: string) => ['--request', 'REPORT', '--data', '<report/>', `${base}/dav/`],
  mkcol: (base: string) => ['--request', 'MKCOL', `${base}/dav/folder/`],
  /** 3 kB of target: the start line leaves its packet */
  longUrl: (base: string) => [`${base}/nothing?${'0123456789'.repeat(300)}`],
  /** the start line is whole in the first packet, its header section is not */
  longHeaders: (base: string) => ['--header', `Cookie: ${'0123456789'.repeat(300)}`, `${base}/nothing`],
} as const satisfies Record<string, (base: string) => string[]>;

export type ScenarioName = keyof typeof CURL_SCENARIOS;

/** Runs the named scenarios one after the other. */
export function runScenarios(client: End, base: string, names: readonly ScenarioName[]): void {
  for (const name of names) {
    curl(client, CURL_SCENARIOS[name](base));
  }
}

/** A message for sayRaw(): a string stands for the bytes of its character codes (0 to 255), anything else is itself. */
export type RawMessage = string | Uint8Array;

/** The bytes of a message. */
export function rawBytes(message: RawMessage): Uint8Array {
  return typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
}

/**
 * Sends the messages on one connection from the client's namespace, one write each, each behind the answer to the one before it.
 * @throws Error when the connection is refused
 */
export function sayRaw(client: End, address: string, port: number, messages: readonly RawMessage[]): void {
  command(inNamespace(client, [process.execPath, RAW_PEER, 'client', address, String(port)]),
    JSON.stringify(messages.map((message) => Buffer.from(rawBytes(message)).toString('base64'))));
}
