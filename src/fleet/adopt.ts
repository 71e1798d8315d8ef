/** Takes a node into the fleet once: its accounts, and what it holds now as the business's own funds. */
import { within } from '../kit/clock.ts';
import { BUSINESS, nodeAccounts } from '../ledger/account.ts';
import { openAccounts, openClaim, post, withBooks } from '../ledger/store.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import type { NodeBalances, NodeInfo } from '../nodes/node.ts';
import type { FleetContext, OwnNode } from './fleet.ts';
import { ANSWER_MS } from './health.ts';
import { markImported, readPast } from './past-store.ts';
import { findNode, insertNode } from './store.ts';

/**
 * A node that is known may be down. Gives its public key.
 * @throws Error that says why the node cannot join, as people read it
 */
export async function adopt(context: FleetContext, own: OwnNode): Promise<NodePubkey> {
  const { db, clock, network } = context;
  const known = await findNode(db.read, own.id);
  const info = await within(clock, ANSWER_MS, own.node.info()).catch((error: unknown) => {
    if (known === null) throw new Error(`it does not answer: ${messageOf(error)}`, { cause: error });
    return null;
  });
  if (known !== null) {
    // One that was adopted by an earlier version may lack some.
    await db.tx((tx) => openAccounts(tx, Object.values(nodeAccounts(own.id))));
    if (info === null || info.pubkey === known.pubkey) return known.pubkey;
    throw new Error(`it is another node than before (${info.pubkey}); give it another name`);
  }
  if (info === null) throw new Error('it does not answer');
  if (info.network !== network) throw new Error(`it is on ${info.network}, the fleet on ${network}`);
  const holds = await within(clock, ANSWER_MS, own.node.balances());
  if (holds.inFlight.length > 0) {
    throw new Error(`it has ${holds.inFlight.length} payments in flight; it joins when they have ended`);
  }
  await bookOpening(context, own, info, holds);
  return info.pubkey;
}

const bookOpening = (
  { db }: FleetContext,
  own: OwnNode,
  info: NodeInfo,
  holds: NodeBalances,
): Promise<void> =>
  withBooks(db, async (tx) => {
    const accounts = nodeAccounts(own.id);
    const opening = (reason: string) => ({ credit: BUSINESS, source: `node:${own.id}`, reason });
    await openClaim(tx, BUSINESS);
    await openAccounts(tx, Object.values(accounts));
    const { region, driver } = own;
    const row = { id: own.id, region, driver, pubkey: info.pubkey, network: info.network };
    await insertNode(tx, row, holds.cursor);
    // What it did before is in what it holds.
    await markImported(tx, own.id, (await readPast(tx)).epoch);
    post(tx, [
      { ...opening('opening_channels'), debit: accounts.channels, amountMsat: holds.channelsMsat },
      { ...opening('opening_onchain'), debit: accounts.onchain, amountMsat: holds.onchainMsat },
    ]);
  });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
