/** Transactions of Argosy's own: published as often as it takes, and found again by their label. */
import type { LndClient } from './client.ts';
import type { Transaction } from './proto/lightning.ts';

/** Of the transaction, or the channel, that a token stands for. */
export const labelOf = (token: string): string => `argosy:${token}`;

/** Blocks in which a transaction shall be confirmed, where the order names no fee rate. */
const TARGET_BLOCKS = 6;
export const feeOf = (satPerVb: number | undefined) =>
  satPerVb === undefined ? { target_conf: TARGET_BLOCKS } : { sat_per_vbyte: Math.ceil(satPerVb).toString() };

/** The first of the wallet's transactions that fits, confirmed or not; null: none. */
export async function walletTransaction(
  { lightning }: LndClient,
  fits: (transaction: Transaction) => boolean,
): Promise<Transaction | null> {
  const { transactions } = await lightning.getTransactions({ start_height: 0, end_height: -1 });
  return transactions.find(fits) ?? null;
}

/**
 * Idempotent: LND takes a transaction that it knows for published. @throws Error when it is not in the wallet
 * afterwards: it may be published all the same, and is published again when it is asked for again
 */
export async function publish(
  client: LndClient,
  { txid, raw, token }: { readonly txid: string; readonly raw: string; readonly token: string },
): Promise<void> {
  const call = client.wallet.publishTransaction({ tx_hex: Buffer.from(raw, 'hex'), label: labelOf(token) });
  const failure = await call.then(
    ({ publish_error }) => (publish_error === '' ? null : new Error(`not published: ${publish_error}`)),
    (error: unknown) => error,
  );
  if (failure === null) return;
  // Its outputs are spent, say: then it is confirmed, and its chain will not have it a second time.
  if ((await walletTransaction(client, ({ tx_hash }) => tx_hash === txid)) === null) throw failure;
}
