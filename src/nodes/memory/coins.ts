/** The chain, as far as wallets see it: addresses, sends, the funding of channels. Fees vanish. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { Address, TEST_NETWORK } from '@scure/btc-signer';
import { untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import type { OnchainAnswer, OnchainOrder } from '../node.ts';
import type { Seeded } from './seeded.ts';
import type { NodeState } from './state.ts';

const REGTEST = { ...TEST_NETWORK, bech32: 'bcrt' };
/** Virtual bytes of a transaction with one input and two outputs, and of one that funds a channel. */
const SEND_VBYTES = 141;
const FEE_SAT_PER_VB = 2;
const FUNDING_VBYTES = 153;
export const FUNDING_FEE_MSAT = BigInt(FUNDING_VBYTES) * MSAT_PER_SAT;

export interface Coins {
  address(node: NodeState): string;
  send(node: NodeState, order: OnchainOrder): OnchainAnswer;
  confirmations(node: NodeState, txid: string): number | null;
}

export function coins(random: Seeded, height: () => number): Coins {
  /** Heights at which they were sent: the next block has them. */
  const sentAt = new Map<string, number>();
  const owners = new Map<string, NodeState>();

  const isAddress = (text: string): boolean => {
    try {
      Address(REGTEST).decode(text);
      return true;
    } catch {
      return false;
    }
  };

  return {
    address(node) {
      const program = hexToBytes(random(`address/${node.name}/${node.issued}`).slice(0, 40));
      node.issued += 1;
      const text = Address(REGTEST).encode({ type: 'wpkh', hash: program });
      owners.set(text, node);
      return text;
    },
    confirmations(node, txid) {
      const at = sentAt.get(txid);
      const own = [...node.onchainSent.values()].some((sent) => sent.kind === 'sent' && sent.txid === txid);
      return at === undefined || !own ? null : height() - at;
    },
    send(node, order) {
      const before = node.onchainSent.get(order.token);
      if (before !== undefined) return before;
      const keep = (answer: OnchainAnswer): OnchainAnswer => {
        node.onchainSent.set(order.token, answer);
        return answer;
      };
      const { amountMsat, address } = order;
      if (amountMsat <= 0n || amountMsat % MSAT_PER_SAT !== 0n) {
        throw new RangeError(`coins are sent in whole satoshis: ${amountMsat} msat`);
      }
      if (!isAddress(address)) {
        return keep({ kind: 'refused', reason: 'bad_address', detail: untrusted('no address of regtest') });
      }
      const fee = BigInt(Math.ceil((order.feeRateSatPerVb ?? FEE_SAT_PER_VB) * SEND_VBYTES)) * MSAT_PER_SAT;
      if (node.onchainMsat < amountMsat + fee) {
        return keep({
          kind: 'refused',
          reason: 'insufficient_funds',
          detail: untrusted(`with a fee of ${fee} msat`),
        });
      }
      const txid = random(`transaction/${node.name}/${order.token}`);
      sentAt.set(txid, height());
      moveCoins(node, txid, -amountMsat - fee, fee);
      const receiver = owners.get(address);
      if (receiver !== undefined) moveCoins(receiver, txid, amountMsat, 0n);
      return keep({ kind: 'sent', txid, feeMsat: msat(fee) });
    },
  };
}

function moveCoins(node: NodeState, txid: string, amountMsat: bigint, fee: bigint): void {
  node.onchainMsat += amountMsat;
  node.log.append({ kind: 'coins_moved', txid, amountMsat, feeMsat: msat(fee) });
}
