/** The fleet: the own nodes, their sessions, their health, and the proof of the books against them. */
import { type Clock, within } from '../kit/clock.ts';
import type { Db, Statements } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import { Problem } from '../kit/problems.ts';
import { BUSINESS, nodeAccounts } from '../ledger/account.ts';
import { openAccounts, openClaim, post, withBooks } from '../ledger/store.ts';
import type { Network, NodeId, NodePubkey } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import { bookNodeEvent } from './booking.ts';
import { type NodeProof, prove } from './books.ts';
import { ANSWER_MS, type NodeHealth, watchHealth } from './health.ts';
import { type BookEvent, openSession, type Session } from './session.ts';
import { findNode, insertNode, readNodeBooks } from './store.ts';

export interface OwnNode {
  readonly id: NodeId;
  readonly region: string;
  /** `ldk`, `lnd`, ... */
  readonly driver: string;
  readonly node: LightningNode;
  /**
   * Names whoever alone can run this node, such as the world that it lives in: the next process of the same holder
   * takes the session over at once, since the last one is proven to be gone. Default: this process, and a lease that
   * it leaves behind has to run out.
   */
  readonly holder?: string;
  /**
   * The node lives and dies with this process: what an earlier process asked of it has ended with that. Default: it is
   * a daemon, and requests to it outlive their sender for a while.
   */
  readonly inProcess?: boolean;
}

export interface Fleet {
  readonly nodes: readonly OwnNode[];
  /** @throws Problem node_unavailable for a name that no own node has, or that is not at this process's hands. */
  get(id: NodeId): OwnNode;
  /** Nodes that have said who they are, and whose sessions this process owns. */
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
  readonly network: Network;
  /** Books what a node tells; runs inside the transaction that moves the node's cursor. */
  readonly book: BookEvent;
  /** After events were committed. */
  readonly afterBooking: () => void;
  /** An own node can be used: from the start on, or again. What waits for it need not wait any longer. */
  readonly cameUp: (id: NodeId) => void;
}

export async function startFleet(context: FleetContext, nodes: readonly OwnNode[]): Promise<Fleet> {
  const sessions = new Map<NodeId, Session>();
  const watches = new Map<NodeId, ReturnType<typeof watchHealth>>();
  const stop = async () => {
    for (const watch of watches.values()) watch.stop();
    await Promise.all([...sessions.values()].map((session) => session.stop()));
  };
  try {
    for (const own of nodes) {
      const pubkey = await adopt(context, own);
      const cameUp = () => {
        if (sessions.has(own.id)) context.cameUp(own.id);
      };
      const watch = watchHealth(context, own, pubkey, cameUp);
      watches.set(own.id, watch);
      await watch.refresh();
      const book: BookEvent = async (tx, id, event) => {
        if (!watch.isItself()) {
          watch.soon();
          throw new Error(`node ${id} has not said yet who it is`);
        }
        post(tx, bookNodeEvent(id, event));
        // Whoever tells something answers again.
        if (event.kind === 'channel_changed' || watch.current().state === 'down') watch.soon();
        await context.book(tx, id, event);
      };
      sessions.set(own.id, await openSession(context, own, book, context.afterBooking));
      if (watch.current().state === 'up') cameUp();
    }
  } catch (error) {
    await stop();
    throw error;
  }

  const isOurs = (id: NodeId) => sessions.get(id)?.owned() === true && watches.get(id)?.isItself() === true;
  const get = (id: NodeId): OwnNode => {
    const own = nodes.find((candidate) => candidate.id === id);
    if (own !== undefined && isOurs(id)) return own;
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
    owned: () => nodes.map((own) => own.id).filter(isOurs),
    health: (id) => watchOf(id).current(),
    refresh: (id) => watchOf(id).refresh(),
    proveBooks: () => Promise.all(nodes.map((own) => proveNode(context, own.id, sessions.get(own.id)))),
    stop,
  };
}

async function proveNode(
  { log }: FleetContext,
  id: NodeId,
  session: Session | undefined,
): Promise<NodeProof> {
  if (session === undefined) throw new Error(`no session of node ${id}`);
  const accounts = nodeAccounts(id);
  const read = (statements: Statements) =>
    readNodeBooks(statements, id, {
      channels: accounts.channels.id,
      inFlight: accounts.inFlight.id,
      onchain: accounts.onchain.id,
    });
  const both = await session.compare(read).catch((error: unknown) => {
    log.warn({ node: id, error }, 'the books could not be compared');
    throw new Problem(
      'node_unavailable',
      `node: ${id} does not answer, or its events do not come; nothing is proven without it. See \`argosy nodes\`.`,
      { field: 'node' },
    );
  });
  return prove(id, both.node, both.ledger);
}

/**
 * Takes a node into the fleet once: its accounts, and what it holds now as the business's own funds. A node that is
 * known may be down. Gives its public key.
 */
async function adopt({ db, clock, log, network }: FleetContext, own: OwnNode): Promise<NodePubkey> {
  const known = await findNode(db.read, own.id);
  const info = await within(clock, ANSWER_MS, own.node.info()).catch((error: unknown) => {
    if (known === null) throw error;
    log.warn({ node: own.id, error }, 'node is down; it joins when it answers');
    return null;
  });
  const accounts = nodeAccounts(own.id);
  if (known !== null) {
    // One that was adopted by an earlier version may lack some.
    await db.tx((tx) => openAccounts(tx, Object.values(accounts)));
    if (info === null || info.pubkey === known.pubkey) return known.pubkey;
    throw new Error(`node ${own.id} is another node than before (${info.pubkey}); give it another name`);
  }
  if (info === null) throw new Error(`node ${own.id} does not answer`);
  if (info.network !== network)
    throw new Error(`node ${own.id} is on ${info.network}, the fleet on ${network}`);
  const holds = await own.node.balances();
  if (holds.inFlight.length > 0) {
    throw new Error(
      `node ${own.id} has ${holds.inFlight.length} payments in flight; add it when they have ended`,
    );
  }
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
  return info.pubkey;
}
