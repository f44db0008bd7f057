// The sockets of httplog processes as their clients see them; the test publishes the events.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { until } from '../support/command.js';
import {
  authenticate, connectTcp, connectUnix, eventLine, PASSWORD, readEvents, withServers, type TestClient, type TestServers,
} from '../support/event_server.js';

/** Publishes so many events, a few a time. */
function publish(servers: TestServers['servers'], from: number, to: number, padding = 0): void {
  for (let number = from; number <= to;) {
    const lines: Buffer[] = [];
    for (; lines.length < 20 && number <= to; number++) lines.push(eventLine(number, padding));
    servers.publish(Buffer.concat(lines), lines.length);
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** What it got after the welcome. */
const eventsOf = (client: TestClient): string => client.text.replace(/^Password: Authentication successful\.\n/, '');

describe('servers of process events', () => {
  it('tell the clients of the Unix socket and of TCP the same', async () => {
    await withServers({}, async ({ servers, path, port }) => {
      assert.deepEqual(servers.addresses, [`unix:${path}`, `tcp:127.0.0.1:${port}`]);
      const [unix, tcp] = [connectUnix(path), await authenticate(port)];
      await until('both clients', () => servers.clients === 2);
      publish(servers, 1, 500);
      servers.lost(3);
      publish(servers, 501, 502);
      for (const client of [unix, tcp]) {
        await client.gets('"pid":502,');
        assert.deepEqual(readEvents(eventsOf(client)), { pids: numbers(1, 502), lost: 3 });
        assert.match(client.text, /"pid":500,.*\n\{"event":"lost","count":3\}\n.*"pid":501,/);
      }
      assert.equal(tcp.text.slice(0, 37), 'Password: Authentication successful.\n');
    });
  });

  it('tell nothing before the password, and nothing of what was before it', async () => {
    await withServers({ unix: false }, async ({ servers, port }) => {
      const [silent, first] = [connectTcp(port), await authenticate(port)];
      await silent.gets('Password: ');
      publish(servers, 1, 100);
      await first.gets('"pid":100,');
      assert.equal(silent.text, 'Password: ');
      silent.socket.write(`${PASSWORD}\n`);
      await silent.gets('Authentication successful.\n');
      publish(servers, 101, 101);
      await silent.gets('"pid":101,');
      assert.deepEqual(readEvents(eventsOf(silent)).pids, [101]);
    });
  });

  it('let in who sends the password at once, in pieces, with CR LF, with more behind it', async () => {
    await withServers({ unix: false }, async ({ servers, port }) => {
      const texts = [[`${PASSWORD}\n`], [...`${PASSWORD}\n`], [`${PASSWORD}\r\n`], [`${PASSWORD}\nand so on\n`]];
      const clients = texts.map(() => connectTcp(port));
      for (const [at, client] of clients.entries()) {
        for (const text of texts[at]) {
          client.socket.write(text);
          await new Promise(setImmediate);
        }
      }
      for (const client of clients) await client.gets('Authentication successful.\n');
      publish(servers, 1, 1);
      for (const client of clients) await client.gets(/^Password: Authentication successful\.\n\{.*"pid":1,.*\n$/);
    });
  });

  it('turn away who sends a wrong password, none, or a line without end', async () => {
    await withServers({ unix: false }, async ({ servers, port, said }) => {
      const wrong = ['\n', `${PASSWORD}x\n`, `${PASSWORD.slice(0, -1)}\n`, ` ${PASSWORD}\n`, '\0\n', 'x'.repeat(1 << 20), `${PASSWORD}${'x'.repeat(2000)}\n`];
      const clients = wrong.map((text) => {
        const client = connectTcp(port);
        client.socket.write(text);
        return client;
      });
      await Promise.all(clients.map((client) => client.closes()));
      publish(servers, 1, 1);
      for (const client of clients) assert.equal(client.text, 'Password: Authentication failed. Disconnecting.\n');
      assert.equal(servers.clients, 0);
      assert.equal(said().match(/failed to authenticate/g)?.length, wrong.length);
    });
  });

  it('give up on the silent without keeping anybody waiting', async () => {
    await withServers({ unix: false, clients: 2, tcp: { authenticationMs: 2000 } }, async ({ port }) => {
      const silent = Array.from({ length: 20 }, () => connectTcp(port));
      const client = await authenticate(port);
      await Promise.all(silent.map((one) => one.closes()));
      for (const one of silent) assert.equal(one.text, 'Password: Authentication failed. Disconnecting.\n');
      assert.ok(!client.isClosed);
    });
  });

  it('let the right password in however many silent connections there are', async () => {
    await withServers({ unix: false, clients: 1 }, async ({ port }) => {
      const silent = Array.from({ length: 400 }, () => connectTcp(port));
      await until('all of them', () => silent.every((one) => one.text !== '' || one.isClosed));
      await authenticate(port);
      const left = silent.filter((one) => !one.isClosed).length;
      assert.ok(left < 257, `${left} left waiting`);
      for (const one of silent) one.socket.destroy();
    });
  });

  it('refuse an address after wrong passwords, others not', async () => {
    const failures = { firstDelayMs: 1, most: 3, refusedMs: 60_000, addresses: 16 };
    await withServers({ unix: false, tcp: { listen: { address: '0.0.0.0', port: 0 }, failures } }, async ({ port, said }) => {
      for (const password of ['a', 'b', 'c', PASSWORD]) {
        const client = connectTcp(port, '127.0.0.2');
        client.socket.write(`${password}\n`);
        await client.closes();
        assert.equal(client.text, 'Password: Authentication failed. Disconnecting.\n', password);
      }
      assert.match(said(), /3 in a row from there[^]*client 127\.0\.0\.2:\d+ refused: too many wrong passwords/);
      await authenticate(port);
      assert.match(said(), /cross the network in the clear/);
    });
  });

  it('keep back the answer to a wrong password, longer each time', async () => {
    const failures = { firstDelayMs: 100, most: 100, refusedMs: 60_000, addresses: 16 };
    await withServers({ unix: false, tcp: { failures } }, async ({ port }) => {
      for (const leastMs of [100, 200, 400]) {
        const client = connectTcp(port);
        client.socket.write('wrong\n');
        const began = performance.now();
        await client.closes();
        assert.ok(performance.now() - began > leastMs - 5, `${performance.now() - began} ms`);
      }
    });
  });

  it('serve so many clients and no more, and the next one when one has gone', async () => {
    await withServers({ clients: 2 }, async ({ servers, path, port, said }) => {
      const first = connectUnix(path);
      await until('the first client', () => servers.clients === 1);
      await authenticate(port);
      const unix = connectUnix(path);
      await unix.closes();
      assert.equal(unix.text, '{"event":"refused","reason":"too many clients","clients":2}\n');
      const tcp = connectTcp(port);
      tcp.socket.write(`${PASSWORD}\n`);
      await tcp.closes();
      assert.equal(tcp.text, 'Password: Too many clients. Disconnecting.\n');
      assert.match(said(), /refused: 2 clients are connected; more with -c/);
      first.socket.end();
      await first.closes();
      await authenticate(port);
      assert.equal(servers.clients, 2);
    });
  });

  it('stand 200 connections at once', async () => {
    await withServers({ clients: 200 }, async ({ servers, path, port }) => {
      const clients = Array.from({ length: 200 }, (_, at) => {
        if (at % 2 === 0) return connectUnix(path);
        const client = connectTcp(port);
        client.socket.write(`${PASSWORD}\n`);
        return client;
      });
      await until('all of them', () => servers.clients === 200);
      publish(servers, 1, 100);
      for (const client of clients) {
        await client.gets('"pid":100,');
        assert.deepEqual(readEvents(eventsOf(client)).pids, numbers(1, 100));
      }
    });
  });

  it('of 200 at once serve as many as they may', async () => {
    await withServers({ unix: false, clients: 10 }, async ({ servers, port }) => {
      const clients = Array.from({ length: 200 }, () => {
        const client = connectTcp(port);
        client.socket.write(`${PASSWORD}\n`);
        return client;
      });
      await until('an answer for everybody', () => clients.every((client) => /successful|Too many/.test(client.text)));
      assert.equal(clients.filter((client) => client.text.includes('successful')).length, 10);
      publish(servers, 1, 10);
      for (const client of clients.filter((one) => one.text.includes('successful'))) await client.gets('"pid":10,');
    });
  });

  it('lose events for a slow client alone, and tell it how many', async () => {
    await withServers({}, async ({ servers, path, port }) => {
      const quick = await authenticate(port);
      const slow = connectUnix(path);
      slow.socket.pause();
      await until('both clients', () => servers.clients === 2);
      const events = 30_000;
      const welcome = quick.bytes;
      let sent = 0;
      for (let number = 1; number <= events; number += 500) {
        publish(servers, number, number + 499, 100);
        for (let one = number; one < number + 500; one++) sent += eventLine(one, 100).length;
        await until('the quick client', () => quick.bytes === welcome + sent);
      }
      await quick.gets(`"pid":${events},`);
      assert.deepEqual(readEvents(eventsOf(quick)), { pids: numbers(1, events), lost: 0 });
      assert.ok(servers.eventsLost > 10_000, `${servers.eventsLost} lost`);
      slow.socket.resume();
      await slow.gets('"event":"lost"');
      publish(servers, events + 1, events + 1);
      await slow.gets(`"pid":${events + 1},`);
      const { pids, lost } = readEvents(slow.text);
      assert.equal(pids.length + lost, events + 1);
      assert.equal(lost, servers.eventsLost);
      const held = slow.text.indexOf('{"event":"lost"');
      assert.ok(held > 1 << 20 && held < (1 << 20) + (1 << 19), `${held} bytes held for it, in our buffer and the kernel's`);
    });
  });

  it('are not moved by what clients send after the password', async () => {
    await withServers({}, async ({ servers, path, port }) => {
      const flooding = [connectUnix(path), await authenticate(port)];
      await until('both clients', () => servers.clients === 2);
      const garbage = Buffer.alloc(1 << 20, '\xff{"\n', 'latin1');
      const before = process.memoryUsage();
      for (const { socket } of flooding) for (let i = 0; i < 32; i++) socket.write(garbage);
      publish(servers, 1, 2000);
      for (const client of flooding) {
        await client.gets('"pid":2000,');
        assert.deepEqual(readEvents(eventsOf(client)).pids, numbers(1, 2000));
      }
      // What waits is the clients' own, one buffer of which they share.
      const grown = process.memoryUsage().rss - before.rss;
      assert.ok(grown < 32 << 20, `grew by ${grown} bytes`);
      for (const { socket } of flooding) socket.destroy();
      await until('nobody', () => {
        publish(servers, 1, 1);
        return servers.clients === 0;
      });
    });
  });

  it('do not mind clients that vanish, whatever they were about to do', async () => {
    await withServers({ clients: 50 }, async ({ servers, path, port }) => {
      for (let round = 0; round < 20; round++) {
        const clients = [connectUnix(path), connectTcp(port), connectTcp(port)];
        clients[2].socket.write(`${PASSWORD}\n`);
        if (round % 2 === 0) await clients[2].gets('successful');
        publish(servers, 1, 20);
        const [unix, ...tcp] = clients.map(({ socket }) => socket);
        unix.destroy();
        for (const socket of tcp) {
          if (round % 3 === 0) socket.resetAndDestroy();
          else socket.destroy();
        }
        publish(servers, 1, 20);
      }
      await until('nobody', () => servers.clients === 0);
      const client = await authenticate(port);
      publish(servers, 7, 7);
      await client.gets('"pid":7,');
    });
  });

  it('end with everything queued delivered, the socket gone, the silent cut off', async () => {
    await withServers({}, async ({ servers, path, port }) => {
      const [unix, tcp, silent] = [connectUnix(path), await authenticate(port), connectTcp(port)];
      await silent.gets('Password: ');
      tcp.socket.write('unread input must not cost the last events\n');
      await until('both clients', () => servers.clients === 2);
      publish(servers, 1, 5000);
      await servers.close();
      for (const client of [unix, tcp]) {
        await client.closes();
        assert.deepEqual(readEvents(eventsOf(client)).pids, numbers(1, 5000));
      }
      await silent.closes();
      const [again] = [connectUnix(path)];
      await again.closes();
      assert.equal(again.text, '');
      publish(servers, 1, 1);
    });
  });

  it('end within their bound when a client does not read', async () => {
    await withServers({ tcp: false }, async ({ servers, path }) => {
      const stalled = connectUnix(path);
      stalled.socket.pause();
      await until('the client', () => servers.clients === 1);
      publish(servers, 1, 20_000, 100);
      const began = performance.now();
      await servers.close();
      assert.ok(performance.now() - began < 30_000);
      stalled.socket.destroy();
    });
  });

  it('send the rest to a client that has ended its side, then end theirs', async () => {
    await withServers({ unix: false }, async ({ servers, port }) => {
      const client = connectTcp(port);
      client.socket.end(`${PASSWORD}\n`);
      await client.closes();
      assert.equal(client.text, 'Password: Authentication successful.\n');
      const unended = connect({ host: '127.0.0.1', port, allowHalfOpen: true }).end(PASSWORD);
      unended.setEncoding('utf8');
      let text = '';
      for await (const chunk of unended as AsyncIterable<string>) text += chunk;
      assert.equal(text, 'Password: Authentication successful.\n');
      await until('nobody', () => servers.clients === 0);
    });
  });

  it('need no memory that grows with the events', async () => {
    await withServers({ clients: 50 }, async ({ servers, path }) => {
      let got = 0;
      const clients = Array.from({ length: 50 }, () => connect(path).on('data', (chunk: Buffer) => (got += chunk.length)));
      await until('all of them', () => servers.clients === 50);
      const lines = Buffer.concat(numbers(1, 100).map((number) => eventLine(number, 50)));
      let sent = 0;
      const send = async (rounds: number): Promise<number> => {
        for (let round = 0; round < rounds; round++) {
          servers.publish(lines, 100);
          sent += lines.length;
          if (round % 20 === 19) await until('the clients to catch up', () => got === sent * 50);
        }
        return process.memoryUsage().rss;
      };
      const warm = await send(200);
      const grown = (await send(400)) - warm;
      assert.equal(servers.eventsLost, 0);
      assert.ok(grown < 48 << 20, `grew by ${grown} bytes over ${400 * 100 * 50} deliveries`);
      for (const client of clients) client.destroy();
    });
  });
});
