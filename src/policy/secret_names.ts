// Names of query parameters (and header fields) whose values are secrets, and the comparison that knows their disguises.
//
// A name is compared percent-decoded, without case, and by its letters and digits alone: access_token, access-token,
// accessToken and `%61ccess%5Ftoken` are one name. Of a name in parts (`user[password]`, `token[]`, `auth.token`) each part
// counts, and all of them together.

import { EncodedByte } from './encoded_byte.js';

/** The names, as README.md lists them. */
export const SECRET_NAMES: readonly string[] = [
  // OAuth 2.0, OpenID Connect, SAML
  'token', 'access_token', 'refresh_token', 'id_token', 'auth_token', 'oauth_token', 'oauth_token_secret', 'oauth_signature',
  'oauth_verifier', 'client_secret', 'client_assertion', 'code', 'code_verifier', 'assertion', 'SAMLResponse',
  // passwords
  'password', 'passwd', 'passphrase', 'pass', 'pwd', 'pw', 'pin', 'otp', 'totp', 'old_password', 'new_password', 'user_password',
  // keys and generic secrets
  'secret', 'secret_key', 'api_key', 'x_api_key', 'api_secret', 'api_token', 'app_secret', 'app_key', 'key', 'private_key', 'access_key',
  'subscription_key', 'credential', 'credentials', 'auth', 'authorization', 'x_auth_token', 'x_access_token', 'bearer', 'jwt',
  // sessions
  'session', 'session_id', 'session_key', 'session_token', 'sid', 'jsessionid', 'PHPSESSID', 'ASPSESSIONID', 'csrf', 'csrf_token',
  'xsrf_token', 'x_csrf_token', 'x_xsrf_token', 'csrfmiddlewaretoken', 'authenticity_token', 'ticket', 'reset_token',
  // signed URLs: AWS, Google Cloud, Azure, CloudFront
  'sig', 'signature', 'hmac', 'X-Amz-Signature', 'X-Amz-Credential', 'X-Amz-Security-Token', 'AWSAccessKeyId', 'X-Goog-Signature',
  'X-Goog-Credential', 'Key-Pair-Id', 'security_token', 'sas', 'sas_token',
];

/** Of a decoded byte: its part in a name. */
const APART = 0;
const JOINED = 1;
/** lower-case letters and digits by byte, else APART or JOINED */
const nameByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9]/.test(character)) return character.toLowerCase().charCodeAt(0);
  return character === '-' || character === '_' ? JOINED : APART;
});

const normalised = SECRET_NAMES.map((name) => Uint8Array.from(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''), (letter) => letter.charCodeAt(0)));
const LONGEST = Math.max(...normalised.map((name) => name.length));
/** Names by their length. */
const byLength: readonly (readonly Uint8Array[])[] = Array.from({ length: LONGEST + 1 }, (_, length) => (
  normalised.filter((name) => name.length === length)));

/** Letters and digits of a name or a part of it; `length` counts on where `bytes` is full. */
class Letters {
  private readonly bytes = new Uint8Array(LONGEST);
  private length = 0;

  clear(): void {
    this.length = 0;
  }

  add(letter: number): void {
    if (this.length < LONGEST) this.bytes[this.length] = letter;
    this.length++;
  }

  isSecret(): boolean {
    const { bytes, length } = this;
    if (length > LONGEST) return false;
    const candidates = byLength[length];
    for (let i = 0; i < candidates.length; i++) {
      let same = 0;
      while (same < length && bytes[same] === candidates[i][same]) same++;
      if (same === length) return length > 0;
    }
    return false;
  }
}

export class NameTest {
  private readonly whole = new Letters();
  private readonly part = new Letters();
  private readonly encoded = new EncodedByte();

  /** Whether `from` to `to` is the name of a secret. */
  isSecret(bytes: Uint8Array, from: number, to: number): boolean {
    const { whole, part, encoded } = this;
    whole.clear();
    part.clear();
    for (let at = from; at < to; at = encoded.next) {
      encoded.read(bytes, at, to);
      const letter = nameByte[encoded.value];
      if (letter === JOINED) continue;
      if (letter === APART) {
        if (part.isSecret()) return true;
        part.clear();
      } else {
        whole.add(letter);
        part.add(letter);
      }
    }
    return part.isSecret() || whole.isSecret();
  }
}
