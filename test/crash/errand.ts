/**
 * A careful client: it knows its errand by a key of its own, and asks again under the same key until the end is proven,
 * over as many kills as it takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Errand } from '../../src/cli/traffic/plan.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { ArgosyProblem, OutcomeUnknown, Unreachable } from '../../src/sdk/index.ts';
import type { Door, Visit } from './door.ts';
import type { Asked } from './seen.ts';

const AGAIN_MS = 250;
/** Longer than any run. */
const EXPIRY_SECONDS = 86_400;

export const askFor = (seed: string, number: number, { direction, person, amountMsat }: Errand): Asked => ({
  number,
  direction,
  person,
  amountMsat,
  key: `crash-${seed}-${number}`,
  invoice: null,
  hash: null,
  ids: new Set(),
  inDoubt: false,
  preimage: null,
  end: null,
  reason: null,
});

/** Returns once the errand has ended. @throws Closed, and whatever is neither a refusal nor a lost answer */
export async function runErrand(door: Door, asked: Asked): Promise<void> {
  while (asked.end === null) {
    const visit = await door.enter();
    try {
      await (asked.direction === 'out' ? payPerson(visit, asked) : bePaid(visit, asked));
    } catch (error) {
      takeIn(asked, error, visit.gone.aborted);
    }
    if (asked.end === null) await sleep(AGAIN_MS, undefined, { signal: visit.gone }).catch(() => {});
  }
}

/** @throws what a client cannot take for an answer */
function takeIn(asked: Asked, error: unknown, killed: boolean): void {
  if (error instanceof ArgosyProblem) {
    if (!error.retryable) end(asked, 'refused', error.code);
    return;
  }
  if (error instanceof OutcomeUnknown) asked.inDoubt = true;
  else if (!killed && !(error instanceof Unreachable)) throw error;
}

function end(asked: Asked, how: NonNullable<Asked['end']>, reason: string | null): void {
  asked.end = how;
  asked.reason = reason;
}

function keepInvoice(asked: Asked, invoice: string): void {
  const decoded = decodeBolt11(invoice);
  if (decoded.kind === 'fault') throw new Error(`an invoice that cannot be read: ${decoded.detail}`);
  asked.invoice = invoice;
  asked.hash = decoded.invoice.paymentHash;
}

async function payPerson({ argosy, gone: signal }: Visit, asked: Asked): Promise<void> {
  const { person, amountMsat: amount_msat, key: idempotencyKey } = asked;
  if (asked.invoice === null) {
    const request = { amount_msat, expiry_seconds: EXPIRY_SECONDS };
    keepInvoice(asked, (await argosy.practice.invoiceAs(person, request, { signal })).invoice);
  }
  const { id } = await argosy.pay({ invoice: asked.invoice ?? '' }, { idempotencyKey, signal });
  asked.ids.add(id);
  const { state, failure } = await argosy.waitForPayment(id, { signal });
  end(asked, state === 'settled' ? 'settled' : 'failed', failure);
}

/** A person has no key: before one pays again it is looked whether the invoice is paid. */
async function bePaid({ argosy, gone: signal }: Visit, asked: Asked): Promise<void> {
  const { person, amountMsat: amount_msat } = asked;
  if (asked.invoice === null) {
    const { id, invoice } = await argosy.invoice({ amount_msat, expiry_seconds: EXPIRY_SECONDS }, { signal });
    keepInvoice(asked, invoice);
    asked.ids.add(id);
  }
  for (const id of asked.ids) {
    const { state } = await argosy.invoiceById(id, { signal });
    if (state === 'settled') return end(asked, 'settled', null);
  }
  try {
    const { preimage } = await argosy.practice.payAs(person, { invoice: asked.invoice ?? '' }, { signal });
    asked.preimage = preimage;
    end(asked, 'settled', null);
  } catch (error) {
    if (!(error instanceof ArgosyProblem) || error.code !== 'practice_payment_failed') throw error;
    const reason = String(error.document.reason);
    // What was sent before a kill may still arrive: the payee refuses a second payment then, and a timeout proves nothing.
    if (reason === 'timeout' || (reason === 'payee_refused' && asked.inDoubt)) asked.inDoubt = true;
    else end(asked, 'failed', reason);
  }
}
