// Integers out of bytes. The caller has checked that they are there: nothing here checks or throws.

/** Two bytes at `at`, big-endian (network order): 0 to 65535. */
export function be16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** Four bytes at `at`, big-endian (network order): 0 to 2^32 - 1. */
export function be32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Two bytes at `at`, little-endian: 0 to 65535. */
export function le16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

/** Four bytes at `at`, little-endian: 0 to 2^32 - 1. */
export function le32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}
