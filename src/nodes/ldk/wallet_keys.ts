/** Keys of the node's coins: P2WPKH, counted up from its seed. */
import { createHmac } from 'node:crypto';
import { Address, OutScript, p2wpkh } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { fromHex, toHex } from './bindings.ts';

/** Regtest's address parameters. */
const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

export interface WalletKey {
  readonly index: number;
  readonly secret: Uint8Array;
  readonly script: Uint8Array;
  readonly address: string;
}

export interface Keyring {
  fresh(): WalletKey;
  /** Keys that have been given out. */
  count(): number;
  /** @throws for an index that has not been given out */
  at(index: number): WalletKey;
  /** Whose coins the script locks; undefined for a stranger's. */
  owner(script: Uint8Array): WalletKey | undefined;
}

/** @param known keys that were given out before */
export function createKeyring(seedHex: string, known: number): Keyring {
  const keys: WalletKey[] = [];
  const byScript = new Map<string, WalletKey>();
  const keyring: Keyring = {
    fresh() {
      const index = keys.length;
      const secret = createHmac('sha256', fromHex(seedHex)).update(`wallet/${index}`).digest();
      const { script, address } = p2wpkh(pubECDSA(secret), REGTEST);
      if (address === undefined) throw new Error('P2WPKH without an address');
      const key = { index, secret, script, address };
      keys.push(key);
      byScript.set(toHex(script), key);
      return key;
    },
    count: () => keys.length,
    at(index) {
      const key = keys[index];
      if (key === undefined) throw new Error(`the wallet has no key ${index}`);
      return key;
    },
    owner: (script) => byScript.get(toHex(script)),
  };
  while (keys.length < known) keyring.fresh();
  return keyring;
}

/** The script that an address stands for; null for what is no address of regtest. */
export function readAddress(address: string): Uint8Array | null {
  try {
    return OutScript.encode(Address(REGTEST).decode(address));
  } catch {
    return null;
  }
}
