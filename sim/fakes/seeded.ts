/** In the place of `src/nodes/memory/seeded.ts`: keys that need no curve. */
import { hash } from 'node:crypto';
import { nodePubkey } from '../../src/lightning/ids.ts';

export type { Seeded } from '../../src/nodes/memory/seeded.ts';

type Seeded = (name: string) => string;

const known = new Map<string, string>();

/** Every seed has the same network: what is named alike is made once. */
export const seeded =
  (seed: string): Seeded =>
  (name) => {
    const text = `${seed}/${name}`;
    const made = known.get(text) ?? hash('sha256', text, 'hex');
    known.set(text, made);
    return made;
  };

export const sha256Hex = (hex: string): string => hash('sha256', Buffer.from(hex, 'hex'), 'hex');

/** 32 bytes, which a public key is made of. */
export const publicOf = (secretKey: Uint8Array): Uint8Array =>
  Buffer.from(hash('sha256', Buffer.from(secretKey), 'hex'), 'hex');

export function keyPair(random: Seeded, name: string) {
  const secretKey = new Uint8Array(Buffer.from(random(`key/${name}`), 'hex'));
  return { secretKey, pubkey: nodePubkey(`02${Buffer.from(publicOf(secretKey)).toString('hex')}`) };
}
