import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Sign } from '../../lightning/bolt11.ts';

const { n: ORDER } = secp256k1.Point.CURVE();
const BASE = secp256k1.Point.BASE;
const R = BASE.x % ORDER;
const PARITY = Number(BASE.y & 1n);

const hex32 = (number: bigint): string => number.toString(16).padStart(64, '0');

/**
 * Signs with the nonce 1. Anyone can read the key off such a signature: so for simulated nodes only, whose keys
 * guard nothing. The signature is as valid as any, and takes no operation on the curve: invoices cost the memory
 * network microseconds instead of a millisecond.
 */
export function signCheaply(secretKey: Uint8Array): Sign {
  const key = BigInt(`0x${bytesToHex(secretKey)}`);
  return (hash) => {
    const s = (BigInt(`0x${bytesToHex(hash)}`) + R * key) % ORDER;
    const high = s > ORDER / 2n;
    return {
      signature: hexToBytes(hex32(R) + hex32(high ? ORDER - s : s)),
      recovery: high ? 1 - PARITY : PARITY,
    };
  };
}
