import type { NodeId } from '../../../src/lightning/ids.ts';
import type * as product from '../../../src/payments/claim-store.ts';
import { statement } from '../database.ts';
import { keyed } from '../table.ts';

type Product = typeof product;

export const claimHash: Product['claimHash'] = (tx, network, hash, paymentId) =>
  statement(tx, 'claimHash', (s) =>
    s.insertNew(s.tables.hash_claim, { network, payment_hash: hash, payment_id: paymentId }),
  );

export const findClaim: Product['findClaim'] = (from, network, hash) =>
  statement(from, 'findClaim', (s) => {
    const claim = s.get(s.tables.hash_claim.by.hash_claim_pkey, keyed(network, hash));
    if (claim === null) return null;
    if (claim.payment_id !== null) {
      const payment = s.get(s.tables.payment.by.payment_pkey, claim.payment_id);
      return { payment_id: claim.payment_id, settled: payment?.state === 'settled', node_id: null };
    }
    const foreign = s
      .list(s.tables.foreign_part.by.hash, keyed(network, hash))
      .map((row) => s.see(row))
      .filter((part) => part !== null)
      .filter(({ state }) => state !== 'failed')
      .sort((one, other) => (`${one.state} ${one.token}` < `${other.state} ${other.token}` ? -1 : 1));
    const part = foreign.at(-1);
    const node = (part?.node_id ?? null) as NodeId | null;
    return { payment_id: null, settled: part?.state === 'settled', node_id: node };
  });

export const releaseHash: Product['releaseHash'] = (tx, { paymentHash, id }) =>
  statement(tx, 'releaseHash', async (s) => {
    const payment = s.get(s.tables.payment.by.payment_pkey, id);
    if (payment === null) return;
    const key = keyed(payment.network, paymentHash);
    const rows = s.list(s.tables.hash_claim.by.hash_claim_pkey, key);
    const own = rows.filter((row) => s.see(row)?.payment_id === id);
    await s.removeWhere(own, (claim) => claim.payment_id === id);
  });

export const releaseForeignHash: Product['releaseForeignHash'] = (tx, network, hash) =>
  statement(tx, 'releaseForeignHash', async (s) => {
    const key = keyed(network, hash);
    const parts = s.list(s.tables.foreign_part.by.hash, key).map((row) => s.see(row));
    if (parts.some((part) => part !== null && part.state !== 'failed')) return;
    const rows = s.list(s.tables.hash_claim.by.hash_claim_pkey, key);
    const foreign = rows.filter((row) => s.see(row)?.payment_id === null);
    await s.removeWhere(foreign, (claim) => claim.payment_id === null);
  });
