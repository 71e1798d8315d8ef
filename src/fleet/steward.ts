/** Looks after the running fleet once a second: drains and resumes by rule, obeys the panic switch, tells what changes. */
import type { Tx } from '../kit/db.ts';
import { announce } from '../kit/outbox-store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import {
  type ChainPatience,
  type ChainView,
  chainReason,
  consequenceOf,
  type Judgement,
  judge,
} from './chain-view.ts';
import type { FleetContext } from './fleet.ts';
import type { Gate } from './gate.ts';
import type { NodeHealth } from './health.ts';
import type { Member } from './member.ts';
import { IMPORT_AFTER_MS, noticeCopy } from './past.ts';
import { type Past, readPast } from './past-store.ts';
import type { Session } from './session.ts';
import {
  type Drain,
  type NodeOwner,
  type NodeState,
  problemsOf,
  type StandingFacts,
  stateOf,
} from './standing.ts';
import { type Ownership, readExposures, readOwners } from './store.ts';
import { addDrain, endDrains, type Panic, readDrains, readPanic } from './switch-store.ts';
import { watchPast } from './witness.ts';

const LOOK_MS = 1_000;

export interface Steward {
  health(member: Member): NodeHealth;
  panic(): Panic;
  past(): Past;
  /** Looks now; what is known afterwards is at least as new as the call. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** What was read last. */
interface Known {
  readonly panic: Panic;
  readonly past: Past;
  readonly drains: ReadonlyMap<NodeId, readonly Drain[]>;
  readonly exposures: ReadonlyMap<NodeId, Msat>;
  readonly owners: ReadonlyMap<NodeId, Ownership>;
}

const NOTHING: Known = {
  panic: { on: false, epoch: 0n, reason: null, principal: null, at: 0 },
  past: { epoch: 0n, current: true, since: 0, ageMs: 0, unimported: [] },
  drains: new Map(),
  exposures: new Map(),
  owners: new Map(),
};

/** @throws what reading the database for the first time throws */
export async function startSteward(
  context: FleetContext,
  patience: ChainPatience,
  gate: Gate,
  members: () => readonly Member[],
): Promise<Steward> {
  const { db, clock, log } = context;
  const stopping = new AbortController();
  const obeyed = new WeakMap<Session, bigint>();
  const importing = new Set<Session>();
  const { importAfterMs = IMPORT_AFTER_MS } = context;
  const told = new WeakMap<Session, string | null>();
  const lastStates = new Map<NodeId, NodeState>();
  let known = NOTHING;
  let chain: ReadonlyMap<NodeId, Judgement> = new Map();
  let newest = { height: 0, since: clock.now(), told: false };
  const lookAtPast = watchPast(context, (node, by) => db.tx((tx) => drain(tx, node, by)));
  let turn: Promise<void> = Promise.resolve();

  const ownerOf = ({ own, session, holder }: Member): NodeOwner => {
    if (session()?.owned() === true) return 'here';
    const owner = known.owners.get(own.id)?.owner;
    return owner === undefined || owner === holder ? 'nobody' : 'elsewhere';
  };
  const factsOf = (member: Member, { own, joining, session, reading } = member): StandingFacts => ({
    joining: joining(),
    owner: ownerOf(member),
    trouble: known.owners.get(own.id)?.trouble ?? null,
    reading: reading(),
    stream: session()?.stream() ?? null,
    drains: known.drains.get(own.id) ?? [],
    chain: chain.get(own.id) ?? null,
    quietMs: quietMs(),
    unimported: known.past.unimported.includes(own.id),
    exposureMsat: known.exposures.get(own.id) ?? null,
    exposureMsatMax: own.exposureMsatMax ?? null,
  });
  const health = (member: Member): NodeHealth => {
    const facts = factsOf(member);
    const { info, channels, latencyMs, lastError, at } = facts.reading;
    return {
      ...{ info, channels, latencyMs, lastError, at, owner: facts.owner },
      state: stateOf(facts, patience, clock.now()),
      stream: facts.stream,
      drains: facts.drains,
      problems: problemsOf(facts, clock.now()),
    };
  };

  /** How long no node has seen a new block, where that means anything; else null. */
  function quietMs(): number | null {
    const lasted = clock.now() - newest.since;
    return context.network !== 'regtest' && lasted >= patience.quietMs ? lasted : null;
  }

  async function read(): Promise<Known> {
    const capped = members().filter(({ own }) => (own.exposureMsatMax ?? null) !== null);
    const [panic, past, drains, owners, exposures] = await Promise.all([
      readPanic(db.read),
      readPast(db.read),
      readDrains(db.read),
      readOwners(db.read),
      capped.length === 0
        ? NOTHING.exposures
        : readExposures(
            db.read,
            capped.map(({ own }) => own.id),
          ),
    ]);
    return { panic, past, drains, owners, exposures };
  }

  function compareChains(): void {
    const views = members().flatMap((member): ChainView[] => {
      const { reach, info, ring } = member.reading();
      return reach === 'up' && info !== null ? [{ node: member.own.id, height: info.blockHeight, ring }] : [];
    });
    chain = judge(chain, views, clock.now());
    const height = Math.max(0, ...views.map((view) => view.height));
    if (height > newest.height) newest = { height, since: clock.now(), told: false };
  }

  /** Drains a node whose view of the chain is wrong, and resumes it once others bear it out again. */
  async function applyRules(): Promise<boolean> {
    let changed = false;
    for (const { own, session } of members()) {
      const judgement = chain.get(own.id);
      if (session()?.owned() !== true || judgement === undefined) continue;
      const drained = known.drains.get(own.id)?.some(({ cause }) => cause === 'rule') === true;
      if (!drained && consequenceOf(judgement, patience, clock.now()) === 'drain') {
        const reason = chainReason(judgement.verdict) ?? '';
        log.error({ node: own.id, reason }, 'node is drained by rule');
        const by = { cause: 'rule', reason, principal: null } as const;
        if (await db.tx((tx) => drain(tx, own.id, by))) changed = true;
      } else if (drained && judgement.verdict.kind === 'agrees') {
        log.info({ node: own.id }, 'node sees the chain that the others see; it is resumed');
        if (await db.tx((tx) => resume(tx, own.id, ['rule'], null))) changed = true;
      }
    }
    return changed;
  }

  async function applyPast(): Promise<boolean> {
    let changed = false;
    for (const member of members())
      if (await lookAtPast(member, known.drains.get(member.own.id) ?? [])) changed = true;
    return changed;
  }

  async function tellChanges(): Promise<void> {
    for (const member of members()) {
      const { own, session: of } = member;
      const session = of();
      if (session?.owned() !== true) continue;
      const { state, problems } = health(member);
      await tellOthers(member, session, state === 'down' ? (problems[0]?.text ?? 'is down') : null);
      const before = lastStates.get(own.id) ?? 'up';
      if ((state === 'down') !== (before === 'down')) {
        const data = { node: own.id, state, problems };
        await db.tx((tx) => announce(tx, state === 'down' ? 'node.down' : 'node.up', own.id, data));
      }
      lastStates.set(own.id, state);
    }
    const quiet = quietMs();
    if (quiet === null || newest.told) return;
    const message = `no node has seen a new block for ${Math.floor(quiet / 60_000)} minutes (block ${newest.height}): compare with a block explorer`;
    log.error(message);
    await db.tx((tx) => announce(tx, 'alarm', 'fleet', { message }));
    newest = { ...newest, told: true };
  }

  /** What only its owner can see of a node. */
  async function tellOthers(member: Member, session: Session, trouble: string | null): Promise<void> {
    if ((told.get(session) ?? null) === trouble) return;
    await member.tellTrouble(trouble);
    told.set(session, trouble);
  }

  /** Says so once no send that began before the switching is under way; it waits for nobody else. */
  function obeyPanic(): void {
    const { epoch } = known.panic;
    for (const { own, session: of } of members()) {
      const session = of();
      if (session === null || (obeyed.get(session) ?? 0n) >= epoch) continue;
      obeyed.set(session, epoch);
      void gate
        .clear(own.id)
        .then(() => session.confirmPanic(epoch))
        .catch(() => obeyed.delete(session));
    }
  }

  /** Of every node that is at hand; it waits for none. */
  function importHistories(): void {
    const { epoch, ageMs, unimported } = known.past;
    if (ageMs < importAfterMs) return;
    for (const { own, session: of } of members()) {
      const session = of();
      if (session?.owned() !== true || !unimported.includes(own.id) || importing.has(session)) continue;
      importing.add(session);
      void session
        .importHistory(epoch)
        .then(
          () =>
            log.info({ node: own.id }, 'what this node did since the database was put back is in the books'),
          (error: unknown) =>
            log.warn({ node: own.id, error }, 'no history of this node yet; it is asked again'),
        )
        .finally(() => importing.delete(session));
    }
  }

  async function lookOnce(): Promise<void> {
    known = await read();
    if (!known.past.current) {
      await noticeCopy(context);
      known = await read();
    }
    importHistories();
    obeyPanic();
    compareChains();
    if ((await applyRules()) || (await applyPast())) known = await read();
    await tellChanges();
  }
  const look = (): Promise<void> => {
    turn = turn.catch(() => undefined).then(lookOnce);
    return turn;
  };

  await look();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) => log.warn({ error }, 'the fleet could not be looked after'));
    }
  })();
  return {
    health,
    panic: () => known.panic,
    past: () => known.past,
    look,
    async stop() {
      stopping.abort();
      await done;
      await turn.catch(() => undefined);
    },
  };
}

/** Writes and tells it. False: it was so already. */
export async function drain(tx: Tx, node: NodeId, by: Omit<Drain, 'since'>): Promise<boolean> {
  const fresh = await addDrain(tx, node, by);
  if (fresh) await announce(tx, 'node.drained', node, { node, ...by });
  return fresh;
}

export async function resume(
  tx: Tx,
  node: NodeId,
  causes: readonly Drain['cause'][],
  principal: string | null,
): Promise<boolean> {
  const ended = await endDrains(tx, node, causes);
  if (ended) await announce(tx, 'node.resumed', node, { node, causes, principal });
  return ended;
}
