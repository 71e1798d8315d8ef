/** Every function of the stores, by subject. */
import type fc from 'fast-check';
import type { NodeRow } from '../../../src/fleet/store.ts';
import type { Tx } from '../../../src/kit/db.ts';
import { BUSINESS, nodeAccounts } from '../../../src/ledger/account.ts';
import { nodeId } from '../../../src/lightning/ids.ts';
import { NETWORK, type Operation } from './operation.ts';
import { past } from './past.ts';
import { paying, receiving } from './paying.ts';
import { effects, events, fleet, money } from './running.ts';
import type { Stores } from './stores.ts';

/** By subject, so that a test can have those meet that have to do with each other. */
export const OPERATIONS: Readonly<Record<string, readonly fc.Arbitrary<Operation>[]>> = {
  effects,
  events,
  money,
  fleet,
  paying,
  past,
  receiving,
};

/** What there is before every story. */
export async function prologue(stores: Stores, tx: Tx): Promise<void> {
  const { ledger, access } = stores;
  await access.insertPrincipal(tx, { id: 'prn_0', name: 'first', permissions: [] });
  await ledger.openClaim(tx, BUSINESS);
  for (const id of [nodeId('us'), nodeId('eu')]) {
    await ledger.openAccounts(tx, Object.values(nodeAccounts(id)));
    const row = { id, region: id, driver: 'memory', pubkey: `03${id}`, network: NETWORK };
    await stores.fleet.insertNode(tx, row as unknown as NodeRow);
    if (id === 'us') await stores.fleet.takeLease(tx, id, 'one', 0);
  }
  const books = { ...tx, due: [] };
  const { channels } = nodeAccounts(nodeId('us'));
  ledger.post(books, [
    { debit: channels, credit: BUSINESS, amountMsat: 1_000n, source: 'opening', reason: 'opened' },
  ]);
  await ledger.moveDue(books);
}
