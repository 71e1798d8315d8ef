/** What will happen in one seed: who pays and is paid, and what goes wrong. Plain values, so that a story can be made shorter. */
import type { Chance } from './chance.ts';
import { FAULTS, type Fault, type FaultName, type PlannedFault } from './faults.ts';

/** One request of a client under a key; it is repeated, perhaps at another process, until there is an answer. */
export interface Ask {
  readonly afterMs: number;
  readonly slot: number;
  readonly key: number;
  /** The same key for another invoice of the same payee. */
  readonly changed?: true;
}

/** Invoices that no node may be asked to pay. */
export type Flaw = 'expired' | 'wrong_network' | 'no_amount' | 'negative' | 'fraction' | 'overflow';

export interface PlannedPayment {
  readonly at: number;
  /** `acme` is a customer of our own: paid inside the ledger. */
  readonly payee: 'merchant' | 'shop' | 'acme';
  /** Acme has little to spend. */
  readonly payer: 'business' | 'acme';
  readonly sat: number;
  readonly timeoutSeconds: number;
  readonly asks: readonly Ask[];
  readonly flaw?: Flaw;
}

export interface PlannedReceipt {
  readonly at: number;
  readonly slot: number;
  readonly sat: number;
  readonly expirySeconds: number;
  /** Paid by an outsider so long after it was issued; null: never. */
  readonly paidAfterMs: number | null;
  /** The outsider pays again, by other HTLCs. */
  readonly again: boolean;
}

export interface Plan {
  readonly seed: number;
  /** Processes of Argosy on the one database. */
  readonly processes: number;
  readonly nodes: readonly string[];
  /** Payees take whatever comes for a hash whose preimage they know, as any node on the way could. */
  readonly greedy: boolean;
  /** Longest time that an HTLC takes over one channel, ms. */
  readonly hopMs: number;
  /** A node that sends whatever it is told, however often. */
  readonly guardless: string | null;
  readonly payments: readonly PlannedPayment[];
  readonly receipts: readonly PlannedReceipt[];
  /** Sat that strangers send to each other through the fleet, and when. */
  readonly forwards: readonly { readonly at: number; readonly sat: number }[];
  readonly faults: readonly PlannedFault[];
  /** From here on nothing goes wrong any more, and all that did is over. ms. */
  readonly healedAt: number;
}

/** Within these first ms of the workload everything is asked for. */
const SPAN_MS = 3_000;
const FAULTS_MAX = 3;

/** @param only faults to choose from, each at least once; null: a mix of all */
export function planOf(seed: number, chance: Chance, only: readonly FaultName[] | null): Plan {
  const names = only ?? mixOf(chance);
  const kinds: Fault[] = names.map((name) => FAULTS[name]);
  const nodes = ['us', 'eu', 'asia'].slice(0, chance.odds(0.3) ? 3 : 2);
  const least = Math.max(1, ...kinds.map((kind) => kind.processes ?? 1));
  const processes = Math.max(least, chance.pick([1, 2, 2, 2, 3]));
  const others = kinds.every((kind) => kind.onlyPayments !== true);
  const many = (most: number) => ({ length: others ? chance.whole(0, most) : 0 });
  const payments = Array.from({ length: chance.whole(2, 4) }, () =>
    paymentOf(chance, names, processes, others),
  );
  const receipts = Array.from(many(2), () => receiptOf(chance, processes));
  const forwards = Array.from(many(names.includes('commit_unknown') ? 6 : 2), () => ({
    at: chance.whole(0, SPAN_MS),
    sat: chance.whole(1_000, 50_000),
  }));
  const times = payments.map(({ at }) => at);
  const shape = { nodes, processes, spanMs: SPAN_MS, times };
  const faults = names.flatMap((name): PlannedFault[] => {
    const { plan }: Fault = FAULTS[name];
    return [{ name, ...(plan?.(chance, shape) ?? { at: 0, lastsMs: 0 }) }];
  });
  return {
    seed,
    processes,
    nodes,
    greedy: chance.odds(0.7),
    hopMs: chance.odds(0.6) ? 30 : 3_000,
    guardless: names.includes('no_duplicate_guard') || chance.odds(0.2) ? chance.pick(nodes) : null,
    payments,
    receipts,
    forwards,
    faults,
    healedAt: Math.max(SPAN_MS, ...faults.map(({ at, lastsMs }) => at + lastsMs)) + 1_000,
  };
}

function mixOf(chance: Chance): FaultName[] {
  const all = Object.keys(FAULTS) as FaultName[];
  const usual = all.filter((name) => (FAULTS[name] as Fault).mixed !== false);
  return [...new Set(Array.from({ length: chance.whole(0, FAULTS_MAX) }, () => chance.pick(usual)))];
}

const FLAWS: readonly Flaw[] = ['no_amount', 'negative', 'fraction', 'overflow'];

function paymentOf(
  chance: Chance,
  names: readonly FaultName[],
  processes: number,
  others: boolean,
): PlannedPayment {
  const payee = others && chance.odds(0.15) ? 'acme' : chance.pick(['merchant', 'shop'] as const);
  const payer = payee !== 'acme' && chance.odds(0.3) ? 'acme' : 'business';
  const sat = satOf(chance, payer, names.includes('partial_mpp'));
  const slot = () => chance.whole(0, processes - 1);
  const asks: Ask[] = [{ afterMs: 0, slot: slot(), key: 0 }];
  const soon = () => (chance.odds(0.5) ? chance.whole(0, 40) : chance.whole(0, 3_000));
  if (names.includes('request_replayed') || chance.odds(0.3))
    asks.push({ afterMs: soon(), slot: slot(), key: 0 });
  if (names.includes('invoice_reused') || chance.odds(0.2))
    asks.push({ afterMs: soon(), slot: slot(), key: 1 });
  if (names.includes('request_replayed') && chance.odds(0.5))
    asks.push({ afterMs: soon(), slot: slot(), key: 0, changed: true });
  const flaw = names.includes('bad_invoice')
    ? chance.pick(['expired', 'wrong_network'] as const)
    : names.includes('bad_amount')
      ? chance.pick(FLAWS)
      : null;
  return {
    at: chance.whole(0, SPAN_MS),
    payee,
    payer,
    sat,
    timeoutSeconds: chance.odds(0.5) ? chance.whole(10, 60) : 300,
    asks,
    ...(flaw !== null && chance.odds(0.5) ? { flaw } : {}),
  };
}

/** Some need more than one channel has; acme has too little for two of its own. */
function satOf(chance: Chance, payer: PlannedPayment['payer'], byParts: boolean): number {
  if (payer === 'acme') return chance.whole(100_000, 240_000);
  return chance.odds(byParts ? 0.7 : 0.2) ? chance.whole(550_000, 900_000) : chance.whole(1_000, 200_000);
}

function receiptOf(chance: Chance, processes: number): PlannedReceipt {
  const expirySeconds = chance.odds(0.3) ? chance.whole(1, 10) : 3600;
  return {
    at: chance.whole(0, SPAN_MS),
    slot: chance.whole(0, processes - 1),
    sat: chance.whole(1_000, 200_000),
    expirySeconds,
    paidAfterMs: chance.odds(0.8) ? chance.whole(10, 4_000) : null,
    again: chance.odds(0.2),
  };
}
