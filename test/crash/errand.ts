/**
 * A careful client: it knows its errand by a key of its own, and asks again under the same key until the end is proven,
 * over as many kills as it takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Errand as Trade } from '../../src/cli/traffic/plan.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { ArgosyProblem, OutcomeUnknown, Unreachable } from '../../src/sdk/index.ts';
import type { Entrance, Visit } from './door.ts';
import { EXPIRY_SECONDS } from './people.ts';
import type { Asked } from './seen.ts';

/** `own`: one account of this Argosy pays another; `person` is the one that is paid. */
export interface Errand extends Omit<Trade, 'direction'> {
  readonly direction: Asked['direction'];
  /** The account that pays, or is paid where a person pays. Default: the business's own. */
  readonly account?: string;
  /** A second client pays the same invoice under a key of its own: one of the two must be refused. */
  readonly twice?: boolean;
}

/** At first; then twice as long each time: a crowd that asks without a pause keeps whoever answers from coming back. */
const AGAIN_MS = 250;
const AGAIN_MS_MAX = 4_000;
/** So long one Argosy is waited for; then it is asked again, or another. */
const WAIT_MS = 8_000;

export const askFor = (
  seed: string,
  number: number,
  { direction, person, amountMsat, account = 'own:business' }: Errand,
  key = `crash-${seed}-${number}`,
): Asked => ({
  number,
  direction,
  person,
  account,
  amountMsat,
  key,
  invoice: null,
  hash: null,
  ids: new Set(),
  inDoubt: false,
  preimage: null,
  end: null,
  reason: null,
});

/** Returns once the errand has ended. @throws Closed, and whatever is neither a refusal nor a lost answer */
export async function runErrand(door: Entrance, asked: Asked): Promise<void> {
  for (let pauseMs = AGAIN_MS; asked.end === null; pauseMs = Math.min(2 * pauseMs, AGAIN_MS_MAX)) {
    const visit = await door.enter();
    try {
      await (asked.direction === 'in' ? bePaid(visit, asked) : payInvoice(visit, asked));
    } catch (error) {
      takeIn(asked, error, visit.gone.aborted);
    }
    if (asked.end === null) await sleep(pauseMs, undefined, { signal: visit.gone }).catch(() => {});
  }
}

/** Another client with another key, for the invoice that the first was given. */
export async function runSecond(door: Entrance, first: Asked, second: Asked): Promise<void> {
  while (first.invoice === null && first.end === null) {
    await door.enter();
    await sleep(AGAIN_MS);
  }
  second.invoice = first.invoice;
  second.hash = first.hash;
  if (second.invoice === null) end(second, 'refused', 'no invoice');
  await runErrand(door, second);
}

/** @throws what a client cannot take for an answer */
function takeIn(asked: Asked, error: unknown, killed: boolean): void {
  if (error instanceof ArgosyProblem) {
    // An Argosy that has failed over it has refused nothing.
    if (!error.retryable && error.status < 500) end(asked, 'refused', error.code);
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

async function payInvoice({ argosy, people, gone: signal }: Visit, asked: Asked): Promise<void> {
  const { direction, person, account, amountMsat, key: idempotencyKey } = asked;
  if (asked.invoice === null) {
    const request = { amount_msat: amountMsat, account: person, expiry_seconds: EXPIRY_SECONDS };
    const asks =
      direction === 'out'
        ? people.asks(person, amountMsat, { signal })
        : argosy.invoice(request, { signal }).then(({ invoice }) => invoice);
    keepInvoice(asked, await asks);
  }
  const { id } = await argosy.pay({ invoice: asked.invoice ?? '', account }, { idempotencyKey, signal });
  asked.ids.add(id);
  const { state, failure } = await argosy.waitForPayment(id, { signal, timeoutMs: WAIT_MS });
  end(asked, state === 'settled' ? 'settled' : 'failed', failure);
}

/** A person has no key: before one pays again it is looked whether the invoice is paid. */
async function bePaid({ argosy, people, gone: signal }: Visit, asked: Asked): Promise<void> {
  const { person, account, amountMsat: amount_msat } = asked;
  if (asked.invoice === null) {
    const request = { amount_msat, account, expiry_seconds: EXPIRY_SECONDS };
    const { id, invoice } = await argosy.invoice(request, { signal });
    keepInvoice(asked, invoice);
    asked.ids.add(id);
  }
  for (const id of asked.ids) {
    const { state } = await argosy.invoiceById(id, { signal });
    if (state === 'settled') return end(asked, 'settled', null);
  }
  const paid = await people.pays(person, asked.invoice ?? '', { signal });
  if (paid.kind === 'paid') {
    asked.preimage = paid.preimage;
    return end(asked, 'settled', null);
  }
  const { reason, proven } = paid;
  // What was sent before a kill may still arrive: the payee refuses a second payment then.
  if (!proven || (reason === 'payee_refused' && asked.inDoubt)) asked.inDoubt = true;
  else end(asked, 'failed', reason);
}
