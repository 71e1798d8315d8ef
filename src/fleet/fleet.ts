/** The fleet: the own nodes, their sessions, their health, and the proof of the books against them. */
import type { Clock } from '../kit/clock.ts';
import type { Db, Statements } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import { Problem } from '../kit/problems.ts';
import { nodeAccounts } from '../ledger/account.ts';
import type { Network, NodeId } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import { type NodeProof, prove } from './books.ts';
import { NEVER_SEEN, type NodeHealth } from './health.ts';
import { type Joining, type Member, startMember } from './member.ts';
import type { BookEvent } from './session.ts';
import { readNodeBooks } from './store.ts';

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
  /** In the order in which they came; nodes join and leave. */
  readonly nodes: readonly OwnNode[];
  /** @throws Problem node_unavailable for a name that no own node has, or that is not at this process's hands. */
  get(id: NodeId): OwnNode;
  /** Nodes that have said who they are, and whose sessions this process owns. */
  owned(): readonly NodeId[];
  /** Whether the node is at this process's hands, or why not yet. */
  joining(id: NodeId): Joining;
  /** Of a node that has never answered, or that has left: down. */
  health(id: NodeId): NodeHealth;
  /** Reads the node's state again now. */
  refresh(id: NodeId): Promise<NodeHealth>;
  /** Compares the ledger with every node at matching cursors. */
  proveBooks(): Promise<readonly NodeProof[]>;
  /**
   * Takes a node in. Answers after the first try: one that does not answer, or cannot join for another reason, is in
   * the fleet as down, and is tried again until it works.
   * @throws Problem node_exists
   */
  join(own: OwnNode): Promise<Joining>;
  /**
   * Lets a node go: its session closes, its lease is free, its history stays. Parts that are under way there wait until
   * it joins again. The driver is not stopped: whoever has opened it does that.
   */
  leave(id: NodeId): Promise<void>;
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
  const members = new Map<NodeId, Member>();
  const enter = (own: OwnNode): Member => {
    const member = startMember(context, own);
    members.set(own.id, member);
    return member;
  };
  await Promise.all(nodes.map((own) => enter(own).tried));

  const isOurs = ({ session, watch }: Member) => session()?.owned() === true && watch()?.isItself() === true;
  const get = (id: NodeId): OwnNode => {
    const member = members.get(id);
    if (member !== undefined && isOurs(member)) return member.own;
    throw new Problem('node_unavailable', `node: ${id} is not connected here; see \`argosy nodes\`.`, {
      field: 'node',
    });
  };
  const health = (id: NodeId) => members.get(id)?.health() ?? NEVER_SEEN;

  return {
    get nodes() {
      return [...members.values()].map(({ own }) => own);
    },
    get,
    owned: () => [...members.values()].filter(isOurs).map(({ own }) => own.id),
    joining: (id) => members.get(id)?.joining() ?? { kind: 'waiting', reason: 'it has left the fleet' },
    health,
    async refresh(id) {
      await members.get(id)?.watch()?.refresh();
      return health(id);
    },
    proveBooks: () => Promise.all([...members.values()].map((member) => proveMember(context, member))),
    async join(own) {
      if (members.has(own.id))
        throw new Problem(
          'node_exists',
          `id: there is a node ${own.id} in the fleet; give it another name.`,
          {
            field: 'id',
          },
        );
      return enter(own).tried;
    },
    async leave(id) {
      const member = members.get(id);
      // Nobody may find it any more while its session closes.
      members.delete(id);
      await member?.stop();
    },
    async stop() {
      await Promise.all([...members.values()].map((member) => member.stop()));
    },
  };
}

async function proveMember({ log }: FleetContext, { own: { id }, session: of }: Member): Promise<NodeProof> {
  const session = of();
  if (session === null) throw unproven(id);
  const accounts = nodeAccounts(id);
  const read = (statements: Statements) =>
    readNodeBooks(statements, id, {
      channels: accounts.channels.id,
      inFlight: accounts.inFlight.id,
      onchain: accounts.onchain.id,
    });
  const both = await session.compare(read).catch((error: unknown) => {
    log.warn({ node: id, error }, 'the books could not be compared');
    throw unproven(id);
  });
  return prove(id, both.node, both.ledger);
}

const unproven = (id: NodeId): Problem =>
  new Problem(
    'node_unavailable',
    `node: ${id} does not answer, or its events do not come; nothing is proven without it. See \`argosy nodes\`.`,
    { field: 'node' },
  );
