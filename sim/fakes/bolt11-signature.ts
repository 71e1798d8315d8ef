/** In the place of `src/lightning/bolt11-signature.ts`: a signature names its signer, and no curve is worked on. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type {
  RecoverableSignature,
  readPayee as realReadPayee,
} from '../../src/lightning/bolt11-signature.ts';
import { bytesOf, type Words } from '../../src/lightning/bolt11-words.ts';
import { nodePubkey } from '../../src/lightning/ids.ts';

export const SIGNATURE_WORDS = 104;

export const signedHash = (prefix: string, data: Words): Uint8Array =>
  sha256(concatBytes(utf8ToBytes(prefix), bytesOf(data, 'filled')));

export const signWith = (): never => {
  throw new Error('nobody signs with a real key in the simulation');
};

export const readPayee: typeof realReadPayee = (_hash, words) => ({
  kind: 'payee',
  payee: nodePubkey(`02${bytesToHex(bytesOf(words).subarray(0, 32))}`),
});

export const signatureBytes = ({ signature, recovery }: RecoverableSignature): Uint8Array =>
  concatBytes(signature, Uint8Array.of(recovery));
