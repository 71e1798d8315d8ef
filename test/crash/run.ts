/** Kills Argosy again and again in the midst of payments, and looks after each start whether anything is wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PEOPLE } from '../../src/practice/world_plan.ts';
import { type Argosy, createArgosy } from '../../src/sdk/index.ts';
import { balancedErrands } from '../support/balanced.ts';
import { launchProduct, type Product } from '../support/product.ts';
import { type Checker, createChecker } from './check.ts';
import { type Comings, createComings } from './comings.ts';
import { createDoor, type Door } from './door.ts';
import type { Kill } from './plan.ts';
import { createSite, type Site } from './site.ts';
import { type CrashSummary, type KillReport, summarizeCrash } from './summary.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import type { Violation } from './verdict.ts';

export interface CrashOptions {
  readonly seed: string;
  readonly kills: readonly Kill[];
  /** Errands begun while there is traffic. */
  readonly perSecond: number;
  /** How long everything may take to be well again after a start. */
  readonly patienceMs: number;
  /** Each kill, once it is known what came of it. */
  readonly onKill?: (report: KillReport) => void;
  /** When something is wrong its data folder and its evidence stay, for whoever has to find out. */
  readonly keep: boolean;
  /** Default: the product itself. */
  readonly launch?: (site: Site) => Product;
  /** Channels are opened and closed meanwhile. */
  readonly comings?: boolean;
  /** Ends the run; nothing is left of it. */
  readonly signal?: AbortSignal;
}

/** Something is wrong: the run stops here. */
class Violated extends Error {
  override readonly name = 'Violated';
  readonly violations: readonly Violation[];
  constructor(violations: readonly Violation[]) {
    super(violations.map(({ rule, detail }) => `${rule}: ${detail}`).join('; '));
    this.violations = violations;
  }
}

interface Run {
  readonly options: CrashOptions;
  readonly site: Site;
  readonly door: Door;
  readonly traffic: Traffic;
  /** Null: channels neither come nor go. */
  readonly comings: Comings | null;
  readonly checker: Checker;
  readonly startsMs: number[];
  /** The last kill, of which nobody knows yet what came of it. */
  last: Kill | null;
}

/** So many kills apart everything is looked up again, however long ago it was proven. */
const THOROUGH = 10;
const START_MS_MAX = 120_000;
/** After the last kill it pays as before, for so long. */
const LAST_MS = 3_000;

export async function crash(options: CrashOptions): Promise<CrashSummary> {
  const site = createSite();
  const door = createDoor();
  const { seed, perSecond, patienceMs } = options;
  const traffic = createTraffic({ door, seed, perSecond, errandOf: balancedErrands(seed, PEOPLE) });
  const comings = options.comings === true ? createComings(door, seed) : null;
  const closing = comings?.closing ?? null;
  const checker = createChecker({ data: site.data, patienceMs, asked: traffic.asked, closing });
  const run: Run = { options, site, door, traffic, comings, checker, startsMs: [], last: null };
  let violations: readonly Violation[] = [];
  let kept: string | null = null;
  try {
    for (const kill of options.kills) await live(run, kill);
    await live(run, null);
  } catch (error) {
    if (!(error instanceof Violated)) throw error;
    violations = error.violations;
    if (options.keep) kept = site.keep({ violations, asked: traffic.asked, ...checker.evidence() });
  } finally {
    traffic.pause();
    door.lock();
    if (kept === null) await site.remove();
    else await site.stopDatabase();
  }
  const kills = run.last?.number ?? 0;
  return summarizeCrash({ seed, kills, startsMs: run.startsMs, asked: traffic.asked, violations, kept });
}

/** From one start to the kill that ends it, or to the end of the run. */
async function live(run: Run, kill: Kill | null): Promise<void> {
  const { options, site, door, traffic } = run;
  const product = (options.launch ?? launchProduct)(site);
  try {
    if (kill?.moment === 'birth' || kill?.moment === 'starting') {
      await pass(run, product, kill.afterMs);
      report(run, null, false);
    } else {
      const argosy = await comeUp(run, product);
      const readyMs = run.startsMs.at(-1) ?? null;
      const checked = kill?.moment !== 'recovering';
      if (checked) await beWell(run, product, argosy, kill);
      report(run, readyMs, checked);
      traffic.run();
      run.comings?.run();
      await pass(run, product, kill?.afterMs ?? LAST_MS);
      if (kill === null) {
        traffic.pause();
        run.comings?.pause();
        await beWell(run, product, argosy, kill);
        await product.stop();
      }
    }
  } finally {
    traffic.pause();
    run.comings?.pause();
    door.close();
    await product.kill();
  }
  if (kill?.database === 'killed') await site.killDatabase();
  run.last = kill ?? run.last;
}

async function comeUp(run: Run, product: Product): Promise<Argosy> {
  const late = sleep(START_MS_MAX, 'late' as const, { ref: false });
  const ready = await Promise.race([product.ready, late]).catch((error: unknown) => {
    throw new Violated([{ rule: 'starts', detail: String(error) }]);
  });
  if (ready === 'late') throw new Violated([{ rule: 'starts', detail: `not ready in ${START_MS_MAX} ms` }]);
  if (run.last !== null) run.startsMs.push(Math.round(ready.afterMs));
  const argosy = createArgosy({ api: ready.api, key: ready.key, retries: 0 });
  run.door.open(argosy);
  return argosy;
}

async function beWell(run: Run, product: Product, argosy: Argosy, kill: Kill | null): Promise<void> {
  const thorough = kill === null || kill.number % THOROUGH === 0;
  const violations = await orEnd(run, product, run.checker.check(argosy, thorough));
  if (violations.length > 0) throw new Violated(violations);
}

const pass = (run: Run, product: Product, ms: number): Promise<void> => orEnd(run, product, sleep(ms));

/** @throws Violated when the process ends by itself meanwhile; what breaks the traffic; the reason of `signal` */
async function orEnd<T>(
  { options: { signal }, traffic }: Run,
  product: Product,
  work: Promise<T>,
): Promise<T> {
  const ended = product.exited.then(() => {
    throw new Violated([{ rule: 'lives', detail: 'Argosy ended by itself' }]);
  });
  const told = Promise.withResolvers<never>();
  const stop = (): void => told.reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await Promise.race([work, ended, traffic.broken, told.promise]);
  } finally {
    signal?.removeEventListener('abort', stop);
    ended.catch(() => {});
  }
}

function report(run: Run, readyMs: number | null, checked: boolean): void {
  const { last, options, traffic } = run;
  if (last === null) return;
  const settled = traffic.asked.filter(({ end }) => end === 'settled').length;
  options.onKill?.({ ...last, readyMs, checked, settled, asked: traffic.asked.length });
}
