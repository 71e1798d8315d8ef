/** Coins: addresses, and sends that are prepared, remembered, and only then published. */
import { Transaction } from '@scure/btc-signer';
import { untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import type { OnchainAnswer, OnchainOrder } from '../node.ts';
import type { Notebook } from '../notebook.ts';
import { LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { hex, satToMsat } from './map.ts';
import { feeOf, labelOf, publish, walletTransaction } from './publishing.ts';

/** A signed transaction: published as often as it is asked for, it spends once. */
interface Prepared {
  readonly txid: string;
  readonly raw: string;
  readonly feeMsat: string;
  readonly published?: true;
}
type Refused = Extract<OnchainAnswer, { kind: 'refused' }>;
const PREFIX = 'coins:';

export interface Coins {
  address(): Promise<string>;
  send(order: OnchainOrder): Promise<OnchainAnswer>;
  confirmations(txid: string): Promise<number | null>;
}

export function createCoins(client: LndClient, book: Notebook): Coins {
  const running = new Map<string, Promise<OnchainAnswer>>();

  async function prepare(order: OnchainOrder): Promise<Prepared | Refused> {
    const outputs = { [order.address]: (order.amountMsat / MSAT_PER_SAT).toString() };
    const funded = await client.wallet
      .fundPsbt({
        raw: { outputs },
        ...feeOf(order.feeRateSatPerVb),
        min_confs: 0,
        spend_unconfirmed: true,
      })
      .catch(refusal);
    if ('kind' in funded) {
      await book.note({ facts: [[PREFIX + order.token, funded]] });
      return funded;
    }
    const { raw_final_tx: raw } = await client.wallet.finalizePsbt({ funded_psbt: funded.funded_psbt });
    const feeSat = Transaction.fromPSBT(funded.funded_psbt, { allowUnknown: true }).fee;
    const { id } = Transaction.fromRaw(raw, { allowUnknownOutputs: true, allowUnknownInputs: true });
    const prepared: Prepared = { txid: id, raw: hex(raw), feeMsat: satToMsat(feeSat.toString()).toString() };
    await book.note({ facts: [[PREFIX + order.token, prepared]] });
    return prepared;
  }

  async function send(order: OnchainOrder): Promise<OnchainAnswer> {
    if (order.amountMsat % MSAT_PER_SAT !== 0n) throw new RangeError('amountMsat: coins are whole satoshis');
    const before = book.facts.get(PREFIX + order.token) as Prepared | Refused | undefined;
    const prepared = before ?? (await findForgotten(client, order.token)) ?? (await prepare(order));
    if ('kind' in prepared) return prepared;
    const { txid, feeMsat } = prepared;
    if (!prepared.published) {
      await publish(client, { ...prepared, token: order.token });
      await book.note({ facts: [[PREFIX + order.token, { ...prepared, published: true }]] });
    }
    return { kind: 'sent', txid, feeMsat: msat(BigInt(feeMsat)) };
  }

  return {
    async confirmations(txid) {
      const found = await walletTransaction(client, ({ tx_hash }) => tx_hash === txid);
      return found?.num_confirmations ?? null;
    },
    address: async () => (await client.lightning.newAddress({ type: 'TAPROOT_PUBKEY' })).address,
    send(order) {
      const same = running.get(order.token);
      if (same !== undefined) return same;
      const mine = send(order).finally(() => running.delete(order.token));
      running.set(order.token, mine);
      return mine;
    },
  };
}

/** A journal that was restored from the past has forgotten what LND has not: transactions bear their token. */
async function findForgotten(client: LndClient, token: string): Promise<OnchainAnswer | null> {
  const found = await walletTransaction(client, ({ label }) => label === labelOf(token));
  if (found === null) return null;
  return { kind: 'sent', txid: found.tx_hash, feeMsat: msat(satToMsat(found.total_fees)) };
}

/** @throws the error, unless it says that nothing can be sent */
function refusal(error: unknown): Refused {
  if (!(error instanceof LndError)) throw error;
  const detail = untrusted(error.message);
  if (/insufficient|not enough|no utxo/i.test(error.message)) {
    return { kind: 'refused', reason: 'insufficient_funds', detail };
  }
  if (/address|checksum|decod|bech32|unknown format/i.test(error.message)) {
    return { kind: 'refused', reason: 'bad_address', detail };
  }
  throw error;
}
