/** The fleet: the own nodes, their sessions, their health, and the proof of the books against them. */
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import { Problem } from '../kit/problems.ts';
import { BUSINESS, nodeAccounts } from '../ledger/account.ts';
import { type Books, openAccounts, openClaim, post, withBooks } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { LightningNode, NodeEvent } from '../nodes/node.ts';
import { type NodeProof, prove } from './books.ts';
import { type NodeHealth, watchHealth } from './health.ts';
import { type BookEvent, openSession, type Session } from './session.ts';
import { findNode, insertNode, readNodeBooks } from './store.ts';

export interface OwnNode {
  readonly id: NodeId;
  readonly region: string;
  /** `ldk`, `lnd`, ... */
  readonly driver: string;
  readonly node: LightningNode;
}

export interface Fleet {
  readonly nodes: readonly OwnNode[];
  /** @throws Problem node_unavailable for a name that no own node has, or whose session another process owns. */
  get(id: NodeId): OwnNode;
  /** Nodes whose sessions this process owns. */
  owned(): readonly NodeId[];
  health(id: NodeId): NodeHealth;
  /** Reads the node's state again now. */
  refresh(id: NodeId): Promise<NodeHealth>;
  /** Compares the ledger with every node at matching cursors. */
  proveBooks(): Promise<readonly NodeProof[]>;
  stop(): Promise<void>;
}

export interface FleetContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Books what a node tells; runs inside the transaction that moves the node's cursor. */
  readonly book: BookEvent;
  /** After events were committed. */
  readonly afterBooking: () => void;
}

export async function startFleet(context: FleetContext, nodes: readonly OwnNode[]): Promise<Fleet> {
  const { db } = context;
  const sessions = new Map<NodeId, Session>();
  const watches = new Map<NodeId, ReturnType<typeof watchHealth>>();
  for (const own of nodes) {
    await adopt(db, own);
    const watch = watchHealth(context, own);
    watches.set(own.id, watch);
    const book: BookEvent = async (tx, id, event) => {
      if (event.kind === 'forwarded') bookForward(tx, id, event);
      if (event.kind === 'channel_changed') watch.soon();
      await context.book(tx, id, event);
    };
    sessions.set(own.id, await openSession(context, own.id, own.node, book, context.afterBooking));
    await watch.refresh();
  }

  const get = (id: NodeId): OwnNode => {
    const own = nodes.find((candidate) => candidate.id === id);
    if (own !== undefined && sessions.get(id)?.owned() === true) return own;
    throw new Problem('node_unavailable', `node: ${id} is not connected here; see \`argosy nodes\`.`, {
      field: 'node',
    });
  };
  const watchOf = (id: NodeId) => {
    const watch = watches.get(id);
    if (watch === undefined) throw new Error(`no node ${id} in the fleet`);
    return watch;
  };

  return {
    nodes,
    get,
    owned: () => nodes.map((own) => own.id).filter((id) => sessions.get(id)?.owned() === true),
    health: (id) => watchOf(id).current(),
    refresh: (id) => watchOf(id).refresh(),
    proveBooks: () => Promise.all(nodes.map((own) => proveNode(own.id, sessions.get(own.id)))),
    async stop() {
      for (const watch of watches.values()) watch.stop();
      await Promise.all([...sessions.values()].map((session) => session.stop()));
    },
  };
}

async function proveNode(id: NodeId, session: Session | undefined): Promise<NodeProof> {
  if (session === undefined) throw new Error(`no session of node ${id}`);
  const accounts = nodeAccounts(id);
  const both = await session.compare((read) =>
    readNodeBooks(read, id, {
      channels: accounts.channels.id,
      inFlight: accounts.inFlight.id,
      onchain: accounts.onchain.id,
    }),
  );
  return prove(id, both.node, both.ledger);
}

/** Takes a node into the fleet once: its accounts, and what it holds now as the business's own funds. */
async function adopt(db: Db, own: OwnNode): Promise<void> {
  const info = await own.node.info();
  const known = await findNode(db.read, own.id);
  if (known !== null) {
    if (known.pubkey === info.pubkey) return;
    throw new Error(`node ${own.id} is another node than before (${info.pubkey}); give it another name`);
  }
  const holds = await own.node.balances();
  if (holds.inFlight.length > 0) {
    throw new Error(
      `node ${own.id} has ${holds.inFlight.length} payments in flight; add it when they have ended`,
    );
  }
  const accounts = nodeAccounts(own.id);
  const opening = (reason: string) => ({ credit: BUSINESS, source: `node:${own.id}`, reason });
  await withBooks(db, async (tx) => {
    await openClaim(tx, BUSINESS);
    await openAccounts(tx, Object.values(accounts));
    const { region, driver } = own;
    const row = { id: own.id, region, driver, pubkey: info.pubkey, network: info.network };
    await insertNode(tx, row, holds.cursor);
    post(tx, [
      { ...opening('opening_channels'), debit: accounts.channels, amountMsat: holds.channelsMsat },
      { ...opening('opening_onchain'), debit: accounts.onchain, amountMsat: holds.onchainMsat },
    ]);
  });
}

function bookForward(tx: Books, id: NodeId, event: NodeEvent & { kind: 'forwarded' }): void {
  const accounts = nodeAccounts(id);
  post(tx, [
    {
      debit: accounts.channels,
      credit: accounts.feesEarned,
      amountMsat: event.feeMsat,
      source: `node:${id}`,
      reason: `forwarded:${event.cursor}`,
    },
  ]);
}
