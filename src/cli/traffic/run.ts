/** Practice traffic over the API: errands at a steady rate, a bounded number at once, until time is up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client.ts';
import { asProblem } from '../problem.ts';
import { isOver, watchPayment } from '../watch.ts';
import type { Errand } from './plan.ts';
import type { End, Outcome } from './tally.ts';

export interface Traffic {
  readonly errandOf: (number: number) => Errand;
  readonly perSecond: number;
  readonly seconds: number;
  /** No new errand after it; those under way get a while to end. */
  readonly stop: AbortSignal;
  /** After each start and each end. */
  readonly onNews: (outcomes: readonly Outcome[], underWay: number) => void;
}

const MOST_AT_ONCE = 64;
const GRACE_MS = 10_000;
/** The server's own 60 s for new attempts, and time for the last to end. */
const PATIENCE_MS = 65_000;
const LOOK_MS = 150;

/** One outcome for each errand that was begun. */
export async function runTraffic(client: Client, traffic: Traffic): Promise<readonly Outcome[]> {
  const { errandOf, perSecond, seconds, stop, onNews } = traffic;
  const outcomes: Outcome[] = [];
  const underWay = new Set<Promise<void>>();
  const leaving = new AbortController();
  const begin = (errand: Errand): void => {
    const beganMs = performance.now();
    const doing = run(client, errand, leaving.signal).then((end) => {
      outcomes.push({ ...end, beganMs, endedMs: performance.now() });
      underWay.delete(doing);
      onNews(outcomes, underWay.size);
    });
    underWay.add(doing);
    onNews(outcomes, underWay.size);
  };
  const began = performance.now();
  for (let number = 0; number < perSecond * seconds && !stop.aborted; number++) {
    await sleepUntil(began + (number * 1000) / perSecond, stop);
    if (underWay.size >= MOST_AT_ONCE) await Promise.race([...underWay, aborted(stop)]);
    if (!stop.aborted && performance.now() < began + seconds * 1000) begin(errandOf(number));
  }
  const all = Promise.all(underWay);
  const grace = stop.aborted ? GRACE_MS : PATIENCE_MS;
  const enough = new AbortController();
  await Promise.race([all, sleep(grace, undefined, { signal: enough.signal }).catch(() => {})]);
  enough.abort();
  leaving.abort();
  await all;
  return outcomes;
}

async function sleepUntil(at: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, at - performance.now()), undefined, { signal }).catch(() => {});
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function run(client: Client, errand: Errand, signal: AbortSignal): Promise<End> {
  try {
    return errand.direction === 'out'
      ? await payPerson(client, errand, signal)
      : await bePaid(client, errand, signal);
  } catch (error) {
    const { code, exit, document } = asProblem(error).text;
    if (exit === 3) return { kind: 'unknown' };
    return { kind: 'failed', reason: typeof document.reason === 'string' ? document.reason : code };
  }
}

async function payPerson(client: Client, errand: Errand, signal: AbortSignal): Promise<End> {
  const { invoice } = await client.practice.invoiceAs(errand.person, { amount_msat: errand.amountMsat });
  const began = performance.now();
  const begun = await client.pay({ invoice });
  const payment = await watchPayment(client, begun, { patienceMs: PATIENCE_MS, lookMs: LOOK_MS, signal });
  if (!isOver(payment)) return { kind: 'unknown' };
  if (payment.state === 'settled') return { kind: 'settled', ms: performance.now() - began };
  return { kind: 'failed', reason: payment.failure ?? payment.state };
}

async function bePaid(client: Client, errand: Errand, signal: AbortSignal): Promise<End> {
  const { invoice } = await client.invoice({ amount_msat: errand.amountMsat });
  const began = performance.now();
  await client.practice.payAs(errand.person, { invoice }, { signal });
  return { kind: 'settled', ms: performance.now() - began };
}
