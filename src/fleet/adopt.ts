/** Takes a node into the fleet once: its accounts, and what it holds now as the business's own funds. */
import { within } from '../kit/clock.ts';
import { BUSINESS, nodeAccounts } from '../ledger/account.ts';
import { openAccounts, openClaim, post, withBooks } from '../ledger/store.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import type { Cursor, NodeBalances, NodeInfo } from '../nodes/node.ts';
import type { FleetContext, OwnNode } from './fleet.ts';
import { ANSWER_MS } from './health.ts';
import type { Lease } from './lease.ts';
import { markImported, readPast } from './past-store.ts';
import { findNode, insertNode, lockSession, moveCursor } from './store.ts';

export interface Known {
  readonly pubkey: NodePubkey;
  /** Where its books are. */
  readonly cursor: Cursor | null;
}

/**
 * Under its lease: a node that is not in the books yet comes into them. One that is known may be down.
 * @throws Error that says why the node cannot join, as people read it
 */
export async function adopt(context: FleetContext, own: OwnNode, lease: Lease): Promise<Known> {
  const pubkey = await recognise(context, own);
  if (pubkey !== null) {
    // One that was adopted by an earlier version may lack some accounts.
    await context.db.tx((tx) => openAccounts(tx, Object.values(nodeAccounts(own.id))));
    return { pubkey, cursor: lease.cursor };
  }
  const { clock, network } = context;
  const info = await within(clock, ANSWER_MS, own.node.info()).catch((error: unknown) => {
    throw new Error(`it does not answer: ${messageOf(error)}`, { cause: error });
  });
  if (info.network !== network) throw new Error(`it is on ${info.network}, the fleet on ${network}`);
  const holds = await within(clock, ANSWER_MS, own.node.balances());
  if (holds.inFlight.length > 0) {
    throw new Error(`it has ${holds.inFlight.length} payments in flight; it joins when they have ended`);
  }
  await bookOpening(context, own, lease, info, holds);
  return { pubkey: info.pubkey, cursor: holds.cursor };
}

/**
 * The public key of a node that is in the books, be it down. Null: it is not in them yet.
 * @throws Error when another node answers in its place
 */
export async function recognise({ db, clock }: FleetContext, own: OwnNode): Promise<NodePubkey | null> {
  const known = await findNode(db.read, own.id);
  if (known === null) return null;
  const info = await within(clock, ANSWER_MS, own.node.info()).catch(() => null);
  if (info === null || info.pubkey === known.pubkey) return known.pubkey;
  throw new Error(`it is another node than before (${info.pubkey}); give it another name`);
}

const bookOpening = (
  { db }: FleetContext,
  own: OwnNode,
  lease: Lease,
  info: NodeInfo,
  holds: NodeBalances,
): Promise<void> =>
  withBooks(db, async (tx) => {
    if ((await lockSession(tx, own.id, lease.token)) === null)
      throw new Error('another process has taken it');
    const accounts = nodeAccounts(own.id);
    const opening = (reason: string) => ({ credit: BUSINESS, source: `node:${own.id}`, reason });
    await openClaim(tx, BUSINESS);
    await openAccounts(tx, Object.values(accounts));
    const { region, driver } = own;
    const row = { id: own.id, region, driver, pubkey: info.pubkey, network: info.network };
    await insertNode(tx, row);
    await moveCursor(tx, own.id, holds.cursor);
    // What it did before is in what it holds.
    await markImported(tx, own.id, (await readPast(tx)).epoch);
    post(tx, [
      { ...opening('opening_channels'), debit: accounts.channels, amountMsat: holds.channelsMsat },
      { ...opening('opening_onchain'), debit: accounts.onchain, amountMsat: holds.onchainMsat },
    ]);
  });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
