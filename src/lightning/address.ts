/** On-chain addresses: whether a text is one, and of which network. Pure. */
import { Address, NETWORK, TEST_NETWORK } from '@scure/btc-signer';
import type { Network } from './ids.ts';

const REGTEST = { ...TEST_NETWORK, bech32: 'bcrt' };
/** Testnet and signet have the same addresses; regtest shares their older forms. Source: BIP 173, BIP 325. */
const PARAMETERS: Readonly<Record<Network, typeof NETWORK>> = {
  bitcoin: NETWORK,
  testnet: TEST_NETWORK,
  signet: TEST_NETWORK,
  regtest: REGTEST,
};
/** How the addresses of a network begin, for whoever has given another. */
export const ADDRESS_PREFIX: Readonly<Record<Network, string>> = {
  bitcoin: 'bc1',
  testnet: 'tb1',
  signet: 'tb1',
  regtest: 'bcrt1',
};

/** `other_network`: a good address, whose coins would be lost here. */
export function checkAddress(text: string, network: Network): 'good' | 'malformed' | 'other_network' {
  if (isAddressOf(text, PARAMETERS[network])) return 'good';
  const others = Object.values(PARAMETERS).some((parameters) => isAddressOf(text, parameters));
  return others ? 'other_network' : 'malformed';
}

function isAddressOf(text: string, parameters: typeof NETWORK): boolean {
  try {
    Address(parameters).decode(text);
    return true;
  } catch {
    return false;
  }
}
