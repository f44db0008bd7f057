// Certificate and key of the TCP server, and what of TLS it speaks.

import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { shown } from '../config/usage_error.js';
import { systemReason } from '../log/log_error.js';
import { EndpointError } from './endpoint_error.js';

export interface TlsFiles {
  /** PEM: the certificate, then those of its issuers */
  readonly certificate: string;
  /** PEM, not encrypted */
  readonly key: string;
}

/**
 * Reads the files; again, for what was renewed meanwhile.
 * @throws EndpointError when one cannot be read, or they do not belong together
 */
export function readTlsKeys({ certificate, key }: TlsFiles): SecureContext {
  const cert = read('--tls-cert', certificate);
  const secret = read('--tls-key', key);
  const [parsed, privateKey] = [
    using('--tls-cert', certificate, 'is no certificate in PEM form', () => new X509Certificate(cert)),
    using('--tls-key', key, 'is no private key in PEM form without a passphrase', () => createPrivateKey(secret)),
  ];
  if (!parsed.checkPrivateKey(privateKey)) throw new EndpointError(`option --tls-key: ${shown(key)} is not the key of the certificate in ${shown(certificate)}`);
  return using('--tls-cert', certificate, 'cannot be used', () => createSecureContext({
    cert, key: secret, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
  }));
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new EndpointError(`option ${option}: cannot read ${shown(path)}: ${systemReason(error)}`, { cause: error });
  }
}

function using<T>(option: string, path: string, trouble: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EndpointError(`option ${option}: ${shown(path)} ${trouble} (${why})`, { cause: error });
  }
}
