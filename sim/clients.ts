/** Those who use Argosy in a seed: each asks again under the same key until there is an answer. */
import type { Engine } from '../src/engine.ts';
import { hashRequest, type StoredResponse } from '../src/kit/idempotency.ts';
import { explainProblem, Problem, type ProblemCode } from '../src/kit/problems.ts';
import { BUSINESS, customerAccount } from '../src/ledger/account.ts';
import { fromSat } from '../src/money/msat.ts';
import { payOnce } from '../src/payments/pay-once.ts';
import { issueInvoice, recordInvoice } from '../src/payments/receive.ts';
import type { PaymentRequest } from '../src/payments/request.ts';
import { preparePayment } from '../src/payments/service.ts';
import type { Ask, Flaw, PlannedPayment, PlannedReceipt } from './plan.ts';
import { payAsStranger } from './strangers.ts';
import type { World } from './world.ts';

export const PRINCIPAL = 'prn_client';
export const ACME = customerAccount('acme');

/** How an ask ended. All null: nobody ever answered. */
export interface Asked {
  readonly payment: number;
  readonly ask: Ask;
  readonly invoice: string;
  readonly id: string | null;
  readonly refused: ProblemCode | null;
  /** Virtual ms. */
  readonly beganAt: number;
  readonly endedAt: number;
}

export interface Issued {
  readonly id: string;
  readonly bolt11: string;
}

export interface Clients {
  readonly asked: readonly Asked[];
  readonly issued: readonly Issued[];
  /** Nobody waits for an answer any more. */
  areDone(): boolean;
}

const ANSWER_MS = 12_000;
const PATIENCE_MS = 90_000;
const WAY_MS = 20;
const LOSE_ANSWER = 0.03;

export function startClients(world: World): Clients {
  const { plan, timeline, chance, network, story } = world;
  const asked: Asked[] = [];
  const issued: Issued[] = [];
  const giveUpAt = plan.healedAt + PATIENCE_MS;
  let waiting = 0;
  const after = (ms: number, work: () => Promise<void>): void => {
    waiting += 1;
    timeline.after(
      ms,
      () =>
        void work().finally(() => {
          waiting -= 1;
        }),
    );
  };
  const pause = (ms: number) => new Promise<void>((resolve) => void timeline.after(ms, resolve));

  /** Null: no answer, which proves nothing. */
  function request<T>(index: number, work: (engine: Engine) => Promise<T>): Promise<T | Problem | null> {
    return new Promise((resolve) => {
      timeline.after(ANSWER_MS, () => resolve(null));
      const slot = world.slots[index % world.slots.length];
      const answer = (value: T | Problem | null) =>
        timeline.after(chance() * WAY_MS, () => {
          if (!chance.odds(LOSE_ANSWER)) resolve(value);
        });
      timeline.after(chance() * WAY_MS, () => {
        const { machine, engine } = slot ?? {};
        if (!machine || !engine || machine.state() === 'dead') return void answer(null);
        machine.enter(() => {
          machine.bring(work(engine)).then(answer, (error: unknown) => {
            if (!(error instanceof Problem)) story.tell('client', `an error: ${(error as Error).message}`);
            answer(error instanceof Problem ? error : null);
          });
        });
      });
    });
  }

  async function untilAnswered<T>(
    who: string,
    first: number,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T | Problem | null> {
    for (let slot = first; timeline.now() < giveUpAt; slot += chance.odds(0.4) ? 1 : 0) {
      const answer = await request(slot, work);
      const isFinal = !(answer instanceof Problem) || !explainProblem(answer.code).retryable;
      story.tell(
        who,
        answer === null
          ? 'has no answer'
          : answer instanceof Problem
            ? `is refused: ${answer.code}`
            : 'is answered',
      );
      if (answer !== null && isFinal) return answer;
      await pause(chance.whole(100, 1_500));
    }
    return null;
  }

  const invoiceOf = async (
    who: string,
    slot: number,
    sat: number,
    expirySeconds: number,
    account: string,
  ): Promise<Issued | null> => {
    const made = await untilAnswered(who, slot, async ({ payments }) => {
      const order = {
        amountMsat: fromSat(BigInt(sat)),
        description: who,
        expirySeconds,
        preferredRegion: null,
        account,
      };
      const fresh = await issueInvoice(payments, order);
      await payments.db.tx((tx) => recordInvoice(payments, tx, fresh));
      payments.kick();
      return { id: fresh.row.id, bolt11: fresh.row.bolt11 };
    });
    if (made === null || made instanceof Problem) return null;
    issued.push(made);
    return made;
  };

  async function ask(index: number, planned: PlannedPayment, each: Ask, invoice: string): Promise<void> {
    const body = flawed(invoice, planned.flaw);
    const key = `payment-${index}-${each.key}`;
    const idempotent = { principalId: PRINCIPAL, key, hash: hashRequest('POST', '/v1/payments', body) };
    const account = planned.payer === 'acme' ? ACME.id : BUSINESS.id;
    const options = { account, preferredRegion: null, timeoutMs: planned.timeoutSeconds * 1000 };
    const beganAt = timeline.now();
    const answer = await untilAnswered(key, each.slot, async ({ payments }): Promise<StoredResponse> => {
      const response = await payOnce(payments, idempotent, () => preparePayment(payments, body, options));
      payments.kick();
      return response;
    });
    const id = answer === null || answer instanceof Problem ? null : (answer.body as { id: string }).id;
    const refused = answer instanceof Problem ? answer.code : null;
    asked.push({ payment: index, ask: each, invoice, id, refused, beganAt, endedAt: timeline.now() });
  }

  async function pay(index: number, planned: PlannedPayment): Promise<void> {
    const { payee, sat, asks } = planned;
    const first = asks[0]?.slot ?? 0;
    const amountMsat = planned.flaw === 'no_amount' ? null : fromSat(BigInt(sat));
    const order = {
      amountMsat,
      description: `payment ${index}`,
      expirySeconds: planned.flaw === 'expired' ? 1 : 3600,
    };
    const invoice =
      payee === 'acme'
        ? await invoiceOf(`acme-${index}`, first, sat, 3600, ACME.id)
        : await network.open(payee).invoice(order);
    if (invoice === null) return;
    if (planned.flaw === 'expired') await pause(2_500);
    if (payee === 'acme' && chance.odds(0.3)) {
      after(chance.whole(0, 3_000), () => payAsStranger(world, invoice.bolt11));
    }
    for (const each of asks) {
      after(each.afterMs, async () => {
        const isOther = each.changed && payee !== 'acme';
        const { bolt11 } = isOther ? await network.open(payee).invoice(order) : invoice;
        await ask(index, planned, each, bolt11);
      });
    }
  }

  async function receive(index: number, planned: PlannedReceipt): Promise<void> {
    const account = index % 2 === 0 ? BUSINESS.id : ACME.id;
    const invoice = await invoiceOf(
      `receipt-${index}`,
      planned.slot,
      planned.sat,
      planned.expirySeconds,
      account,
    );
    if (invoice === null || planned.paidAfterMs === null) return;
    await pause(planned.paidAfterMs);
    await payAsStranger(world, invoice.bolt11);
    if (planned.again) await payAsStranger(world, invoice.bolt11);
  }

  for (const [index, planned] of plan.payments.entries()) after(planned.at, () => pay(index, planned));
  for (const { at, sat } of plan.forwards) {
    after(at, async () => {
      const order = { amountMsat: fromSat(BigInt(sat)), description: 'village', expirySeconds: 3600 };
      await payAsStranger(world, (await network.open('village').invoice(order)).bolt11);
    });
  }
  for (const [index, planned] of plan.receipts.entries()) after(planned.at, () => receive(index, planned));
  return { asked, issued, areDone: () => waiting === 0 };
}

function flawed(invoice: string, flaw: Flaw | undefined): PaymentRequest {
  switch (flaw) {
    case 'wrong_network':
      return { invoice: invoice.replace(/^lnbcrt/, 'lnbc') };
    case 'negative':
      return { invoice, amount_msat: '-1000' };
    case 'fraction':
      return { invoice, amount_msat: '1000.5' };
    case 'overflow':
      return { invoice, amount_msat: '99999999999999999999' };
    case 'no_amount':
      return { invoice, amount_msat: '0' };
    default:
      return { invoice };
  }
}
