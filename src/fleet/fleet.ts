/** The fleet: the own nodes, their sessions, their health, and the proof of the books against them. */
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import type { EffectHandler } from '../kit/effects.ts';
import type { Log } from '../kit/log.ts';
import { Problem } from '../kit/problems.ts';
import { nodeAccounts } from '../ledger/account.ts';
import type { Network, NodeId } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { LightningNode } from '../nodes/node.ts';
import { type NodeProof, prove } from './books.ts';
import { type ChainPatience, DEFAULT_CHAIN_PATIENCE } from './chain-view.ts';
import { alone, startCrew } from './crew.ts';
import { type Gate, openGate } from './gate.ts';
import { NEVER_READ, type NodeHealth } from './health.ts';
import { type Joining, type Member, startMember } from './member.ts';
import { answerAsOwner, askOwner } from './owner-question.ts';
import { type PanicState, readPanicState, throwSwitch } from './panic.ts';
import { goOnWithout, noticeCopy } from './past.ts';
import type { Past } from './past-store.ts';
import type { ProcessRow } from './process-store.ts';
import type { BookEvents } from './session.ts';
import { drain, resume, startSteward } from './steward.ts';
import { findNode, readExposures, readNodeBooks } from './store.ts';
import type { Panic } from './switch-store.ts';
import { forgetWitness } from './witness-store.ts';

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
  /** The most that it may hold, in channels and in coins. Default: null, no cap. */
  readonly exposureMsatMax?: Msat | null;
}

/** What changes nothing at a node, and needs none of what its driver keeps. A new invoice binds only its payer. */
export type NodeQuestions = Pick<LightningNode, 'info' | 'channels' | 'invoice'>;

export interface Fleet {
  /** In the order in which they came; nodes join and leave. */
  readonly nodes: readonly OwnNode[];
  /**
   * To drive it, or to change anything there.
   * @throws Problem node_unavailable for a name that no own node has, or that is not at this process's hands.
   */
  get(id: NodeId): OwnNode;
  /**
   * To ask it what any process with its credentials may ask at any time.
   * @throws Problem node_unavailable for a name that no own node has, or that has not said yet who it is.
   */
  ask(id: NodeId): NodeQuestions;
  /** Nodes that have said who they are, whose sessions this process owns, and keeps. */
  owned(): readonly NodeId[];
  /** Whether the node is at this process's hands, or why not yet. */
  joining(id: NodeId): Joining;
  /** Of a node that has never answered, or that has left: down. */
  health(id: NodeId): NodeHealth;
  /** Reads the node's state again now. */
  refresh(id: NodeId): Promise<NodeHealth>;
  /** Compares the ledger with every node at matching cursors; nodes elsewhere are compared by their owners. */
  proveBooks(): Promise<readonly NodeProof[]>;
  /** Is another process on the database? As it was known last. */
  hasOthers(): boolean;
  /** Looks at the other processes now. */
  lookAround(): Promise<void>;
  /** Of a node that is driven from here. @throws Error when it is not, or does not answer */
  proveOwned(id: NodeId): Promise<NodeProof>;
  /**
   * The node starts nothing new from here on; what is under way goes on to its end. Holds for every process, and over
   * restarts. A node that is drained by hand already keeps its reason.
   * @throws Problem node_unavailable for a node that has never joined
   */
  drain(id: NodeId, reason: string, principal: string): Promise<void>;
  /** Ends drains of all causes; a rule that still holds drains the node again. */
  resume(id: NodeId, principal: string): Promise<void>;
  panic(): Promise<PanicState>;
  /** Stops all sending, or lets it go on: see `throwSwitch`. */
  setPanic(to: { on: boolean; reason: string | null; principal: string }): Promise<PanicState>;
  /** As it was read last, at most a second ago. */
  panicSeen(): Panic;
  /** As it was read last, at most a second ago. */
  pastSeen(): Past;
  /**
   * Goes on without the history of a node that is gone for good, after the database was put back.
   * False: it is not waited for. @throws Problem node_unavailable for a node that has never joined
   */
  goOnWithout(id: NodeId, reason: string, principal: string): Promise<boolean>;
  /** Runs what asks for a clearance and then sends: the panic switch waits for it. */
  readonly gate: Gate;
  /** What each node holds, by the ledger. */
  exposures(): Promise<ReadonlyMap<NodeId, Msat>>;
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
  readonly book: BookEvents;
  /** After events were committed. */
  readonly afterBooking: () => void;
  /** An own node can be used: from the start on, or again. What waits for it need not wait any longer. */
  readonly cameUp: (id: NodeId) => void;
  /** How long after the database was put back histories are imported, in ms. Default: `IMPORT_AFTER_MS`. */
  readonly importAfterMs?: number;
  /** Resolves, in some seconds at most, when nothing is under way any more that this process has begun with the node. */
  readonly idle: (id: NodeId) => Promise<void>;
  /** What this process is among others on its database. Default: it is alone, and drives all nodes. */
  readonly self?: ProcessRow;
  /** Default: `DEFAULT_CHAIN_PATIENCE`. */
  readonly chainPatience?: Partial<ChainPatience>;
}

export async function startFleet(context: FleetContext, nodes: readonly OwnNode[]): Promise<Fleet> {
  // Before a session is opened: what it books must be of this epoch.
  await noticeCopy(context);
  const members = new Map<NodeId, Member>();
  const owns = () => [...members.values()].map(({ own }) => own);
  const crew = context.self === undefined ? alone(true) : await startCrew(context, context.self, owns);
  const enter = (own: OwnNode): Member => {
    const member = startMember(context, own, crew);
    members.set(own.id, member);
    return member;
  };
  await Promise.all(nodes.map((own) => enter(own).tried));
  const { db, chainPatience } = context;
  const gate = openGate();
  const patience = { ...DEFAULT_CHAIN_PATIENCE, ...chainPatience };
  const stopMembers = async () => {
    // First of all, so that others have taken the nodes into account when they are free.
    await crew.stop();
    await Promise.all([...members.values()].map((member) => member.stop()));
  };
  const steward = await startSteward(context, patience, gate, () => [...members.values()]).catch(
    async (error: unknown) => {
      await stopMembers();
      throw error;
    },
  );

  const isItself = ({ watch }: Member) => watch()?.isItself() === true;
  const isOurs = (member: Member) => member.session()?.owned() === true && isItself(member);
  const find = (id: NodeId, isUsable: (member: Member) => boolean): OwnNode => {
    const member = members.get(id);
    if (member !== undefined && isUsable(member)) return member.own;
    throw new Problem('node_unavailable', `node: ${id} is not connected here; see \`argosy nodes\`.`, {
      field: 'node',
    });
  };
  const health = (id: NodeId): NodeHealth => {
    const member = members.get(id);
    return member === undefined ? GONE : steward.health(member);
  };

  return {
    get nodes() {
      return owns();
    },
    get: (id) => find(id, isOurs),
    ask: (id) => find(id, isItself).node,
    owned: () =>
      [...members.values()]
        .filter((member) => isOurs(member) && !member.isLeaving())
        .map(({ own }) => own.id),
    joining: (id) => members.get(id)?.joining() ?? { kind: 'waiting', reason: 'it has left the fleet' },
    health,
    async refresh(id) {
      await members.get(id)?.watch()?.refresh();
      return health(id);
    },
    proveBooks() {
      // Of a node that was never adopted the books have nothing.
      const known = [...members.values()].filter(({ watch }) => watch() !== null);
      return Promise.all(
        known.map((member) =>
          member.session() === null
            ? proveElsewhere(context, member.own.id)
            : proveMember(member).catch((error: unknown) => unproven(context, member.own.id, error)),
        ),
      );
    },
    hasOthers: crew.hasOthers,
    lookAround: crew.look,
    proveOwned: (id) => proveMember(members.get(id)),
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
    async drain(id, reason, principal) {
      if ((await findNode(db.read, id)) === null) throw neverJoined(id);
      await db.tx((tx) => drain(tx, id, { cause: 'hand', reason, principal }));
      await steward.look();
    },
    async resume(id, principal) {
      if ((await findNode(db.read, id)) === null) throw neverJoined(id);
      await db.tx(async (tx) => {
        await forgetWitness(tx, id);
        await resume(tx, id, ['hand', 'rule', 'past'], principal);
      });
      await steward.look();
    },
    panic: () => readPanicState(db),
    setPanic: (to) => throwSwitch(context, to, steward.look),
    panicSeen: steward.panic,
    pastSeen: steward.past,
    async goOnWithout(id, reason, principal) {
      if ((await findNode(db.read, id)) === null) throw neverJoined(id);
      const waived = await goOnWithout(db, id, { reason, principal });
      await steward.look();
      return waived;
    },
    gate,
    exposures: () => readExposures(db.read, [...members.keys()]),
    async stop() {
      await steward.stop();
      await stopMembers();
    },
  };
}

const PROVE = 'node.prove';

/** What other processes ask of the owner of a node. */
export const fleetEffects = (db: Db, fleet: () => Fleet): ReadonlyMap<string, EffectHandler> =>
  new Map([[PROVE, answerAsOwner({ db }, (id) => fleet().proveOwned(id))]]);

const proveElsewhere = (context: FleetContext, id: NodeId): Promise<NodeProof> =>
  askOwner<NodeProof>(context, PROVE, id, context.afterBooking).catch((error: unknown) =>
    unproven(context, id, error),
  );

/** @throws Error when the node is not driven from here, or does not answer */
async function proveMember(member: Member | undefined): Promise<NodeProof> {
  const session = member?.session() ?? null;
  if (member === undefined || session === null) throw new Error('it is not driven from here');
  const { id } = member.own;
  const accounts = nodeAccounts(id);
  const both = await session.compare((statements) =>
    readNodeBooks(statements, id, {
      channels: accounts.channels.id,
      inFlight: accounts.inFlight.id,
      onchain: accounts.onchain.id,
    }),
  );
  return prove(id, both.node, both.ledger);
}

/** Of a node that is none of the fleet's any more. */
const GONE: NodeHealth = {
  ...NEVER_READ,
  state: 'down',
  owner: 'nobody',
  stream: null,
  drains: [],
  problems: [],
};

const neverJoined = (id: NodeId): Problem =>
  new Problem('node_unavailable', `id: ${id} has never joined this fleet; see \`argosy nodes\`.`, {
    field: 'id',
  });

/** @throws Problem node_unavailable */
function unproven({ log }: FleetContext, id: NodeId, error: unknown): never {
  log.warn({ node: id, error }, 'the books could not be compared');
  throw new Problem(
    'node_unavailable',
    `node: ${id} does not answer, or its events do not come; nothing is proven without it. See \`argosy nodes\`.`,
    { field: 'node' },
  );
}
