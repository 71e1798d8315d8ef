/** Addresses of the practice chain. */
import { Address, OutScript } from '@scure/btc-signer';

const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

/** @throws Error for anything but an address of regtest */
export const scriptOf = (address: string): Uint8Array => OutScript.encode(Address(REGTEST).decode(address));
