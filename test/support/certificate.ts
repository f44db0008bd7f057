// Certificates of our own making, by openssl.

import { join } from 'node:path';
import { command } from './command.js';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate that signs itself, for localhost and 127.0.0.1. @param name its common name @param prefix of the files' names */
export function makeCertificate(directory: string, name: string, prefix = ''): CertificateFiles {
  const files = { certificate: join(directory, `${prefix}cert.pem`), key: join(directory, `${prefix}key.pem`) };
  command(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', files.key, '-out', files.certificate]);
  return files;
}
