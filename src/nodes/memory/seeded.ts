/** Everything that must not be guessed at by accident, and must be the same again from the same seed. */
import { hash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { nodePubkey } from '../../lightning/ids.ts';

/** 32 bytes, hex, named by a text. */
export type Seeded = (name: string) => string;

export const seeded =
  (seed: string): Seeded =>
  (name) =>
    hash('sha256', `${seed}/${name}`, 'hex');

export const sha256Hex = (hex: string): string => hash('sha256', Buffer.from(hex, 'hex'), 'hex');

/** A key pair on secp256k1. */
export function keyPair(random: Seeded, name: string) {
  const secretKey = hexToBytes(random(`key/${name}`));
  return { secretKey, pubkey: nodePubkey(bytesToHex(secp256k1.getPublicKey(secretKey, true))) };
}
