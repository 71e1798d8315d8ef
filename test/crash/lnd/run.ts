/** Strikes processes while payments flow, in rounds; after each everything must have ended, and the books be those of the nodes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked } from '../seen.ts';
import { createTraffic, type Traffic } from '../traffic.ts';
import { nameOf, type Violation } from '../verdict.ts';
import { type Audit, audit, cannotHeal } from './audit.ts';
import { readBooks } from './books.ts';
import { CUSTOMER, crashErrands } from './errands.ts';
import type { Sight } from './evidence.ts';
import { readHistory } from './histories.ts';
import { OWN } from './network.ts';
import type { Strike } from './plan.ts';
import { strike } from './victim.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

export interface LndCrashOptions {
  readonly seed: string;
  readonly strikes: readonly Strike[];
  readonly perSecond: number;
  /** How long everything may take to have ended after a round. LND alone waits 120 s for the missing part of a total. */
  readonly patienceMs: number;
  readonly onStrike?: (strike: Strike) => void;
  readonly onRound?: (round: RoundReport) => void;
  /** What is not well yet, now and then while a round heals. */
  readonly onWait?: (first: Violation, all: number) => void;
  /** When something is wrong the evidence stays. */
  readonly keep: boolean;
  /** Ends the run; nothing is left of it. */
  readonly signal?: AbortSignal;
}

/** A round after which all was well. */
export interface RoundReport {
  /** Strikes so far. */
  readonly kills: number;
  readonly asked: number;
  readonly settled: number;
  readonly struckMs: number;
  /** From the last process that came back to the verdict. */
  readonly healedMs: number;
}

export interface LndCrashFacts {
  readonly kills: number;
  readonly asked: readonly Asked[];
  readonly verdict: Audit;
  readonly kept: string | null;
  readonly tookMs: number;
}

interface Run {
  readonly options: LndCrashOptions;
  readonly world: CrashWorld;
  readonly traffic: Traffic;
  readonly stop: AbortSignal;
}

/** What LND and Argosy wait for before they believe a loss takes two minutes, whatever was struck before. */
const ROUND = 100;
const LOOK_MS = 500;
/** Looks between two words on what is waited for. */
const TOLD = 20;
const WARM_UP_MS = 2_000;
/** An attempt that an own LND wrote down and never sent is over when it has expired: longer than any route lasts. */
const EXPIRY_BLOCKS = 600;
const FLOW_MS = 8_000;
const FLOW_LOOK_MS = 50;
/** Some wait for minutes; the others shall not wait for them. */
const MOST_AT_ONCE = 64;
const WELL: Audit = { doublePayments: 0, lostMsat: 0n, ledgerDiffMsat: 0n, violations: [] };

export async function crashLnd(options: LndCrashOptions): Promise<LndCrashFacts> {
  const began = performance.now();
  const world = await openCrashWorld();
  const { seed, perSecond, signal } = options;
  const traffic = createTraffic({
    door: world.door,
    seed,
    perSecond,
    errandOf: crashErrands(seed),
    mostAtOnce: MOST_AT_ONCE,
  });
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const run: Run = { options, world, traffic, stop };
  let [kills, verdict, kept] = [0, WELL, null as string | null];
  try {
    const first = await begin(run);
    for (let at = 0; at < options.strikes.length && verdict === WELL; at += ROUND) {
      const strikes = options.strikes.slice(at, at + ROUND);
      const { judged, now, ...times } = await round(run, first, strikes);
      kills += strikes.length;
      if (judged.violations.length > 0) {
        verdict = judged;
        if (options.keep) kept = world.keep({ seed, kills, verdict, asked: traffic.asked, first, now });
      } else options.onRound?.({ kills, ...countOf(traffic.asked), ...times });
    }
  } finally {
    over.abort();
    traffic.pause();
    world.lock();
    await world.stop();
  }
  return { kills, asked: traffic.asked, verdict, kept, tookMs: performance.now() - began };
}

const countOf = (asked: readonly Asked[]) => ({
  asked: asked.length,
  settled: asked.filter(({ end }) => end === 'settled').length,
});

/** All up, a customer's account open; what everybody holds before the first payment. */
async function begin({ world, options }: Run): Promise<Sight> {
  await Promise.all(world.argosies.map((argosy) => argosy.start()));
  await world.healthy(options.patienceMs);
  await world.argosies[0]?.client().openAccount(CUSTOMER);
  const first = await see(world);
  const wrong = audit({ first, now: first, asked: [] }).violations;
  if (wrong.length > 0) throw new Error(`not well before the first strike: ${JSON.stringify(wrong)}`);
  return first;
}

interface Round {
  readonly judged: Audit;
  readonly now: Sight | null;
  readonly struckMs: number;
  readonly healedMs: number;
}

async function round(run: Run, first: Sight, strikes: readonly Strike[]): Promise<Round> {
  const { traffic, stop } = run;
  const began = performance.now();
  traffic.run();
  await orEnd(run, sleep(WARM_UP_MS, undefined, { signal: stop }));
  await orEnd(run, strikeAll(run, strikes));
  const struck = performance.now();
  traffic.pause();
  const { judged, now } = await orEnd(run, heal(run, first));
  return {
    judged,
    now,
    struckMs: Math.round(struck - began),
    healedMs: Math.round(performance.now() - struck),
  };
}

/** Resolves when all are back. Whoever is down still is struck again once it is back. */
async function strikeAll(run: Run, strikes: readonly Strike[]): Promise<void> {
  const { world, options, stop } = run;
  const backs = new Map<string, Promise<void>>();
  for (const each of strikes) {
    await sleep(each.afterMs, undefined, { signal: stop });
    if (each.afterMs > 0) await flow(run);
    const before = backs.get(each.victim) ?? Promise.resolve();
    const back = before.then(() => {
      options.onStrike?.(each);
      return strike(world.victim(each.victim), each, stop);
    });
    back.catch(() => {}); // told below
    backs.set(each.victim, back);
  }
  await Promise.all(backs.values());
}

/** Until one more errand has ended, or for a while: on a slow machine as well it is payments that are struck. */
async function flow({ traffic, stop }: Run): Promise<void> {
  const ended = (): number => traffic.asked.length - traffic.underWay();
  const before = ended();
  const deadline = performance.now() + FLOW_MS;
  while (ended() === before && performance.now() < deadline)
    await sleep(FLOW_LOOK_MS, undefined, { signal: stop });
}

/** Looks until nothing is wrong any more, or for too long. */
async function heal(
  { world, options, traffic, stop }: Run,
  first: Sight,
): Promise<{ judged: Audit; now: Sight | null }> {
  const deadline = performance.now() + options.patienceMs;
  let now: Sight | null = null;
  let looks = 0;
  let mined = false;
  for (;;) {
    let judged: Audit;
    const open = traffic.asked.filter(({ end }) => end === null);
    try {
      if (open.length > 0 && performance.now() < deadline - options.patienceMs / 2)
        judged = failing(
          'ends',
          `${open.length} errands have no end: ${open.slice(0, 5).map(nameOf).join(', ')}`,
        );
      else {
        await world.healthy(Math.max(LOOK_MS, deadline - performance.now()));
        now = await see(world);
        judged = audit({ first, now, asked: traffic.asked });
      }
    } catch (error) {
      judged = failing('answers', String(error));
    }
    const { violations } = judged;
    if (violations.length === 0 || violations.some(cannotHeal) || performance.now() > deadline)
      return { judged, now };
    if (!mined && now !== null && onlyTimeHelps(now, open)) {
      mined = true;
      await world.network.mine(EXPIRY_BLOCKS).catch(() => {}); // not seen yet by some: looked at below
    }
    if (++looks % TOLD === 0 && violations[0] !== undefined)
      options.onWait?.(violations[0], violations.length);
    await sleep(LOOK_MS, undefined, { signal: stop });
  }
}

/** Nothing moves any more, and a part has no end. */
const onlyTimeHelps = ({ nodes, books }: Sight, open: readonly Asked[]): boolean =>
  nodes.every(({ hanging }) => hanging === 0) &&
  open.every(({ direction }) => direction !== 'in') &&
  books.parts.some(({ state }) => state === 'in_flight' || state === 'unknown');

const failing = (rule: string, detail: string): Audit => ({ ...WELL, violations: [{ rule, detail }] });

async function see({ network, database, argosies }: CrashWorld): Promise<Sight> {
  const names: readonly string[] = OWN;
  const nodes = await Promise.all(network.nodes.map((node) => readHistory(node, names.includes(node.name))));
  const checked = await argosies[0]?.client().checkBooks();
  const books = await readBooks(database.url);
  return {
    nodes,
    books,
    checked: (checked?.nodes ?? []).map(({ node, difference_msat }) => ({
      node,
      differenceMsat: BigInt(difference_msat),
    })),
  };
}

/** @throws what breaks the traffic; an Argosy that ended by itself; the reason of `signal` */
async function orEnd<T>({ world, traffic, stop }: Run, work: Promise<T>): Promise<T> {
  const told = Promise.withResolvers<never>();
  const tell = (): void => told.reject(stop.reason);
  stop.addEventListener('abort', tell, { once: true });
  if (stop.aborted) tell();
  try {
    return await Promise.race([
      work,
      traffic.broken,
      told.promise,
      ...world.argosies.map(({ died }) => died),
    ]);
  } finally {
    stop.removeEventListener('abort', tell);
    told.promise.catch(() => {});
  }
}
