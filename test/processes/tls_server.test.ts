// Process events inside TLS, with certificates that openssl makes here.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { join } from 'node:path';
import { EventServers } from '../../src/processes/servers.js';
import { command, until } from '../support/command.js';
import { connectTcp, eventLine, PASSWORD, TestClient, withServers } from '../support/event_server.js';
import { makeCertificate } from '../support/certificate.js';
import { withDirectory } from '../support/httplog.js';

describe('the TLS server of process events', () => {
  it('speaks as without TLS, inside of it, and reads a renewed certificate', async () => {
    await withDirectory(async (directory) => {
      const tls = makeCertificate(directory, 'first');
      await withServers({ unix: false, tcp: { tls } }, async ({ servers, port, said }) => {
        assert.match(servers.addresses[0], /^tls:127\.0\.0\.1:\d+$/);
        const open = (): TestClient => new TestClient(connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false }));
        const client = open();
        await client.gets('Password: ');
        client.socket.write(`${PASSWORD}\n`);
        await client.gets('Authentication successful.\n');
        servers.publish(eventLine(1), 1);
        await client.gets('"pid":1,');
        const wrong = open();
        wrong.socket.write('wrong\n');
        await wrong.closes();
        assert.equal(wrong.text, 'Password: Authentication failed. Disconnecting.\n');

        const subject = async (): Promise<unknown> => {
          const socket = connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false });
          const probe = new TestClient(socket);
          await probe.gets('Password: ');
          const { CN } = socket.getPeerCertificate().subject;
          socket.destroy();
          return CN;
        };
        assert.equal(await subject(), 'first');
        writeFileSync(tls.certificate, 'nonsense');
        servers.reload();
        assert.match(said(), /--tls-cert: .* is no certificate in PEM form .*; the TLS certificate stays as it was/);
        assert.equal(await subject(), 'first');
        makeCertificate(directory, 'second');
        servers.reload();
        assert.equal(await subject(), 'second');
        servers.publish(eventLine(2), 1);
        await client.gets('"pid":2,');
        await servers.close();
        await client.closes();
      });
    });
  });

  it('stands clients that speak no TLS, none at all, or an old one', async () => {
    await withDirectory(async (directory) => {
      const tls = makeCertificate(directory, 'host');
      await withServers({ unix: false, tcp: { tls, authenticationMs: 2000 } }, async ({ servers, port }) => {
        const plain = connectTcp(port);
        plain.socket.write(`${PASSWORD}\n`);
        const silent = connectTcp(port);
        await Promise.all([plain.closes(), silent.closes()]);
        assert.ok(!plain.text.includes('Password') && silent.text === '');
        const old = new TestClient(connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }));
        await old.closes();
        assert.equal(old.text, '');
        for (let i = 0; i < 20; i++) {
          const socket = connect(port, '127.0.0.1');
          socket.on('error', () => undefined);
          socket.end(Buffer.alloc(1000, i));
        }
        assert.equal(servers.clients, 0);
        const client = new TestClient(connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false }));
        client.socket.write(`${PASSWORD}\n`);
        await client.gets('successful');
        await until('the client', () => servers.clients === 1);
      });
    });
  });

  it('refuses certificates and keys it cannot use, in one line', async () => {
    await withDirectory(async (directory) => {
      const good = makeCertificate(directory, 'good');
      const other = makeCertificate(directory, 'other', 'other-');
      const secret = join(directory, 'encrypted.pem');
      command(['openssl', 'pkey', '-in', good.key, '-aes256', '-passout', 'pass:x', '-out', secret]);
      const cases: [typeof good, RegExp][] = [
        [{ ...good, certificate: join(directory, 'none') }, /^option --tls-cert: cannot read '.*none': no such file or directory \(ENOENT\)$/],
        [{ ...good, key: other.key }, /^option --tls-key: '.*' is not the key of the certificate in '.*'$/],
        [{ ...good, key: good.certificate }, /^option --tls-key: '.*' is no private key in PEM form/],
        [{ ...good, key: secret }, /^option --tls-key: '.*' is no private key in PEM form without a passphrase/],
        [{ ...good, certificate: good.key }, /^option --tls-cert: '.*' is no certificate in PEM form/],
      ];
      for (const [tls, message] of cases) {
        await assert.rejects(EventServers.open({
          unix: undefined, clients: 1, say: () => undefined,
          tcp: { listen: { address: '127.0.0.1', port: 0 }, password: Buffer.from('x'), tls },
        }), (error: Error) => error.name === 'EndpointError' && message.test(error.message));
      }
    });
  });
});
