// The server against clients that mean no good.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer, connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EndpointError, IDLE_MS, serve, type Answer, type HttpServer } from '../../src/telemetry/http_server.js';
import { until } from '../support/command.js';

const BIG = 'x'.repeat(32 << 20);

describe('telemetry: HTTP server', function () {
  this.timeout(180_000);
  let server: HttpServer;
  let warnings: string[];
  const clients: Socket[] = [];

  before(async () => {
    warnings = [];
    server = await serve({ address: '127.0.0.1', port: 0 }, new Map<string, () => Answer | Promise<Answer>>([
      ['/metrics', () => ({ status: 200, body: 'a 1\n' })],
      ['/big', () => ({ status: 200, body: BIG })],
      ['/broken', () => { throw new Error('a defect'); }],
    ]), (text) => warnings.push(text));
  });
  after(() => server.close());
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  function open(): Socket {
    const client = connect(server.address.port, '127.0.0.1');
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  /** By its own end or an error. */
  const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

  /** Everything the server says to these bytes until it closes the connection. */
  async function say(bytes: string): Promise<{ answer: string }> {
    const client = open();
    let answer = '';
    client.setEncoding('latin1').on('data', (text: string) => (answer += text));
    client.write(bytes, 'latin1');
    await closeOf(client);
    return { answer };
  }
  const ask = (line: string, headers = ''): Promise<{ answer: string }> => say(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  const assertServes = async (): Promise<void> => assert.match((await ask('GET /metrics')).answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\na 1\n$/);

  it('answers GET and HEAD on its paths, with or without a query', async () => {
    await assertServes();
    assert.match((await ask('GET /metrics?x=1')).answer, /\r\n\r\na 1\n$/);
    assert.match((await ask('HEAD /metrics')).answer, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 4\r\n[^]*\r\n\r\n$/);
  });

  it('refuses everything else', async () => {
    for (const path of ['/', '/metrics/', '//metrics', '/../metrics', '/METRICS', '*', 'http://x/metrics', '/%6detrics']) {
      assert.match((await ask(`GET ${path}`)).answer, /^HTTP\/1\.1 404 /, path);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      assert.match((await ask(`${method} /metrics`)).answer, /^HTTP\/1\.1 405 [^]*Allow: GET, HEAD/, method);
    }
    assert.doesNotMatch((await ask('CONNECT x:80')).answer, / 200 /);
    assert.match((await say('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc')).answer, /^HTTP\/1\.1 200 OK/);
    await assertServes();
  });

  it('survives garbage, floods of header fields, and cut connections', async () => {
    assert.match((await say('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')).answer, /^HTTP\/1\.1 400 /);
    assert.match((await ask('GET /metrics', `X: ${'y'.repeat(100_000)}\r\n`)).answer, /^(?:HTTP\/1\.1 431 .*[^]*)?$/);
    assert.match((await ask('GET /metrics', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')).answer, /^HTTP\/1\.1 400 /);
    for (let number = 0; number < 50; number++) {
      const client = open();
      client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      if (number % 2 === 0) await sleep(1);
      client.resetAndDestroy();
    }
    await assertServes();
  });

  it('a defect behind a path is an answer and a warning', async () => {
    assert.match((await ask('GET /broken')).answer, /^HTTP\/1\.1 500 /);
    assert.deepEqual(warnings.splice(0), ['the metrics endpoint failed to answer: a defect']);
  });

  it('16 connections are the most; those above are closed, and leave no trace', async () => {
    const sockets = Array.from({ length: 60 }, open);
    await until('the connections beyond the 16th to be closed', () => sockets.filter((socket) => socket.closed).length === 44);
    for (const socket of sockets) socket.destroy();
    await until('a free place', async () => (await ask('GET /metrics')).answer.endsWith('a 1\n'));
  });

  it('clients that hold on without end are cut off: silent, slow, not reading', async () => {
    const silent = closeOf(open());
    const slow = open();
    const drip = setInterval(() => { if (slow.writable) slow.write('x'); }, 500);
    slow.write('GET /metrics HTTP/1.1\r\nX: ');
    const idle = open();
    idle.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    idle.resume();
    const notReading = open();
    notReading.pause();
    notReading.write('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
    // It hears of the end only when it reads on: what the kernels between hold is far less than all.
    const cutOff = (async (): Promise<number> => {
      await sleep(2 * IDLE_MS + 1_500);
      let bytes = 0;
      notReading.on('data', (data) => (bytes += data.length));
      const closed = closeOf(notReading);
      notReading.resume();
      await closed;
      return bytes;
    })();
    try {
      await Promise.all([silent, closeOf(slow), closeOf(idle)]);
      assert.ok(await cutOff < BIG.length);
    } finally {
      clearInterval(drip);
    }
    await assertServes();
  });

  it('says in one line why it cannot listen', async () => {
    const taken = createTcpServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    try {
      await assert.rejects(serve({ address: '127.0.0.1', port }, new Map(), () => undefined), new EndpointError(
        `cannot serve metrics at 127.0.0.1:${port}: the port is in use; choose another one with -metrics`));
    } finally {
      taken.close();
    }
    await assert.rejects(serve({ address: '192.0.2.254', port: 0 }, new Map(), () => undefined), /192\.0\.2\.254:0: the address is not one of this host/);
  });

  it('listens on IPv6, and close() ends every connection', async () => {
    const six = await serve({ address: '::1', port: 0 }, new Map([['/metrics', () => ({ status: 200, body: 'b 2\n' })]]), () => undefined);
    const client = connect(six.address.port, '::1');
    client.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const [data] = await once(client, 'data') as [Buffer];
    assert.match(data.toString(), /^HTTP\/1\.1 200 OK/);
    const closed = once(client, 'close');
    six.close();
    client.resume();
    await closed;
  });
});
