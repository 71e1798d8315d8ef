/** One seed from its beginning to its verdict. */
import { insertPrincipal } from '../src/access/store.ts';
import { BUSINESS } from '../src/ledger/account.ts';
import { openClaim, post, withBooks } from '../src/ledger/store.ts';
import { chanceOf } from './chance.ts';
import { ACME, PRINCIPAL, startClients } from './clients.ts';
import { seedIds } from './fakes/ids.ts';
import { FAULTS, type Fault } from './faults.ts';
import { balancesOf, judge, type Violation } from './judge.ts';
import type { Plan } from './plan.ts';
import { type SqlDatabase, sqlStore } from './sql-store.ts';
import { clearLine, modelStore } from './store.ts';
import { openStory } from './story.ts';
import { timeline as openTimeline } from './timeline.ts';
import { watchNodes } from './truth.ts';
import { watchAlways } from './watch.ts';
import { buildWorld, type World } from './world.ts';

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly lines: readonly string[];
  /** Virtual ms until all was quiet. */
  readonly tookMs: number;
}

/** What the customer has at first: too little for all that it may want to pay. */
const ACME_MSAT = 250_000_000n;
/** All processes have joined their nodes by then. ms. */
const START_MS = 1_500;
const LOOK_MS = 1_000;
/** What is not well so long after the last fault never will be by itself. ms. */
const LIMIT_MS = 330_000;

/** @param database real PostgreSQL; null: the model of the store */
export async function runPlan(
  plan: Plan,
  isTold = false,
  database: SqlDatabase | null = null,
): Promise<Outcome> {
  const chance = chanceOf(plan.seed, 2);
  seedIds(chanceOf(plan.seed, 3));
  const timeline = openTimeline(chanceOf(plan.seed, 4), database?.settle ?? null);
  const line = clearLine();
  const story = openStory(isTold, timeline.now);
  const store =
    database === null ? modelStore(timeline, chance, line) : sqlStore(timeline, chance, line, database);
  const world = buildWorld({ plan, timeline, chance, store, line, story });
  await store.auditor.tx(async (tx) => {
    await insertPrincipal(tx, { id: PRINCIPAL, name: 'client', permissions: ['*'] });
    for (const claim of [BUSINESS, ACME]) await openClaim(tx, claim);
  });
  let openingMsat = 0n;
  for (const name of plan.nodes) openingMsat += balancesOf(await world.node(name).balances());

  for (const { index } of world.slots) timeline.after(chance() * 200, () => world.start(index));
  timeline.after(START_MS, () => scheduleFaults(world));
  const truth = watchNodes(world);
  let clients: ReturnType<typeof startClients> | null = null;
  timeline.after(START_MS, () => {
    const gift = { debit: BUSINESS, credit: ACME, amountMsat: ACME_MSAT, source: 'gift', reason: 'gift' };
    void withBooks(store.auditor, async (tx) => post(tx, [gift]));
    clients = startClients(world);
  });
  const always = watchAlways(world);

  let violations: Violation[] = [];
  let isOver = false;
  let failure: unknown = null;
  const look = async (): Promise<void> => {
    if (clients === null) return;
    if (clients.areDone() && world.slots.every(({ engine }) => engine !== null)) {
      violations = [...always.violations, ...(await judge({ world, clients, truth, openingMsat }))];
      if (violations.length === 0) isOver = true;
    } else violations = [{ oracle: 'no_end', detail: 'clients or processes are not done', msat: 0n }];
    if (timeline.now() > START_MS + plan.healedAt + LIMIT_MS) isOver = true;
    timeline.after(LOOK_MS, lookOnce);
  };
  const lookOnce = (): void => {
    look().catch((error: unknown) => {
      failure = error;
      isOver = true;
    });
  };
  timeline.after(START_MS + plan.healedAt, () => {
    heal(world);
    timeline.after(LOOK_MS, lookOnce);
  });
  await timeline.run(() => isOver);
  await store.stop();
  if (failure !== null) throw failure;
  for (const { oracle, detail } of violations) story.tell('verdict', `${oracle}: ${detail}`);
  return { violations, lines: story.lines, tookMs: timeline.now() };
}

function scheduleFaults(world: World): void {
  const { timeline, story } = world;
  for (const planned of world.plan.faults) {
    const { name, at, lastsMs, ...hit } = planned;
    const fault: Fault = FAULTS[name];
    if (fault.begin === undefined) continue;
    timeline.after(at, () => {
      story.tell('fault', `${name} ${JSON.stringify(hit)} for ${lastsMs} ms`);
      fault.begin?.(world, planned);
      timeline.after(lastsMs, () => fault.end?.(world, planned));
    });
  }
}

/** Those who are frozen go on; traps that nobody has come by are taken away. */
function heal(world: World): void {
  world.story.tell('fault', 'all is healed');
  world.disarm();
  for (const { machine } of world.slots) machine?.thaw();
}
