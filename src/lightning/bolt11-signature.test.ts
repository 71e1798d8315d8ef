import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPayee, signatureBytes } from './bolt11-signature.ts';
import { wordsOf } from './bolt11-words.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** What another implementation recovers. */
function recoverOtherwise(hash: Uint8Array, signature: Uint8Array, recovery: number): string | null {
  try {
    const parsed = secp256k1.Signature.fromBytes(signature, 'compact').addRecoveryBit(recovery);
    return parsed.recoverPublicKey(hash).toHex(true);
  } catch {
    return null;
  }
}

describe('the signature of an invoice', () => {
  const recovered = (hash: Uint8Array, signature: Uint8Array, recovery: number): string | null => {
    const read = readPayee(hash, wordsOf(signatureBytes({ signature, recovery })), null);
    return read.kind === 'payee' ? read.payee : null;
  };

  it('names the key that it was made with', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (hash, secret) => {
        fc.pre(secp256k1.utils.isValidSecretKey(secret));
        const signed = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' });
        const key = bytesToHex(secp256k1.getPublicKey(secret, true));
        expect(recovered(hash, signed.subarray(1), signed[0] ?? 0)).toBe(key);
      }),
      { numRuns: 30 },
    );
  });

  it('of any bytes gives the key that another implementation finds, or none as there', () => {
    fc.assert(
      fc.property(bytes(32), bytes(64), fc.constantFrom(0, 1), (hash, signature, recovery) => {
        expect(recovered(hash, signature, recovery)).toBe(recoverOtherwise(hash, signature, recovery));
      }),
      { numRuns: 60 },
    );
  });
});
