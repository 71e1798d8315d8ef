/**
 * Secrets at rest: AES-256-GCM. `about` (associated data) is authenticated and not stored: a secret opens only where it
 * was put, so that two of them cannot be swapped.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** 32 bytes. */
export type SealKey = Buffer;

export const SEAL_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Nonce (12 bytes), ciphertext, tag (16 bytes). A nonce is random: fit for some thousand million secrets under one key. */
export function seal(key: SealKey, secret: string, about: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Null: it is not what was sealed with this key, about this. */
export function unseal(key: SealKey, sealed: Buffer, about: string): string | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(about))
    .setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return null;
  }
}

/** Tells keys apart without telling anything of them: 16 hex digits. */
export const sealKeyId = (key: SealKey): string =>
  createHmac('sha256', key).update('argosy: which key is it').digest('hex').slice(0, 16);
