import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import * as secp256k1 from 'tiny-secp256k1';
import { type Faulty, faulty } from './bolt11-fault.ts';
import { bytesOf, type Words } from './bolt11-words.ts';
import { type NodePubkey, nodePubkey } from './ids.ts';

/** R and S, 32 bytes each, and the recovery id. */
export interface RecoverableSignature {
  readonly signature: Uint8Array;
  readonly recovery: number;
}
/** Signs a hash of 32 bytes with the key of the payee. */
export type Sign = (hash: Uint8Array) => RecoverableSignature;

/** 64 bytes and the recovery id are 520 bits: 104 groups of 5. */
export const SIGNATURE_WORDS = 104;

/** What is signed: sha256 of the prefix and of the data, filled up to whole bytes. Source: BOLT 11, "Data Part". */
export const signedHash = (prefix: string, data: Words): Uint8Array =>
  sha256(concatBytes(utf8ToBytes(prefix), bytesOf(data, 'filled')));

/** A signer out of a secret key of 32 bytes: RFC 6979, low S. */
export const signWith =
  (secretKey: Uint8Array): Sign =>
  (hash) => {
    const { signature, recoveryId } = secp256k1.signRecoverable(hash, secretKey);
    return { signature, recovery: recoveryId };
  };

/**
 * Who signed. With a key named by field `n` the signature must be its own, with a low S; without one the key is
 * recovered, which is the check, and a high S is fine. One operation on the curve either way. Source: BOLT 11.
 */
export function readPayee(
  hash: Uint8Array,
  words: Words,
  named: NodePubkey | null,
): { readonly kind: 'payee'; readonly payee: NodePubkey } | Faulty {
  const bytes = bytesOf(words);
  const signature = bytes.subarray(0, 64);
  if (named === null) {
    const payee = recover(hash, signature, bytes[64] ?? 255);
    return payee
      ? { kind: 'payee', payee }
      : faulty('bad_signature', 'No key can be recovered from the signature');
  }
  if (verify(hash, signature, named)) return { kind: 'payee', payee: named };
  return faulty(
    'bad_signature',
    'The signature is not a low-S signature of the payee that the invoice names',
  );
}

function recover(hash: Uint8Array, signature: Uint8Array, recovery: number): NodePubkey | null {
  if (recovery !== 0 && recovery !== 1 && recovery !== 2 && recovery !== 3) return null;
  try {
    const key = secp256k1.recover(hash, signature, recovery, true);
    return key === null ? null : nodePubkey(bytesToHex(key));
  } catch {
    return null; // r or s out of range, or no point of the curve at r
  }
}

function verify(hash: Uint8Array, signature: Uint8Array, payee: NodePubkey): boolean {
  try {
    return secp256k1.verify(hash, hexToBytes(payee), signature, true);
  } catch {
    return false; // the key is no point of the curve
  }
}

/** 104 groups of 5 bits. @throws RangeError when the signer returned something else than it must. */
export function signatureBytes({ signature, recovery }: RecoverableSignature): Uint8Array {
  if (signature.length !== 64 || !Number.isInteger(recovery) || recovery < 0 || recovery > 3) {
    throw new RangeError(`not a recoverable signature: ${bytesToHex(signature)}, ${recovery}`);
  }
  return concatBytes(signature, Uint8Array.of(recovery));
}
