/** Transactions of blocks as wallets read them. */
import { Transaction } from '@scure/btc-signer';

interface ReadTransaction {
  readonly transaction: Transaction;
  readonly txid: string;
}

const READ_ANYTHING = {
  allowUnknownInputs: true,
  allowUnknownOutputs: true,
  allowUnknownVersion: true,
  disableScriptCheck: true,
};

/** A block comes to every node of a worker, with the same bytes: they are read once for all of them. */
const read = new WeakMap<Uint8Array, ReadTransaction>();

export function readOnce(raw: Uint8Array): ReadTransaction {
  const known = read.get(raw);
  if (known !== undefined) return known;
  const transaction = Transaction.fromRaw(raw, READ_ANYTHING);
  const fresh = { transaction, txid: transaction.id };
  read.set(raw, fresh);
  return fresh;
}
