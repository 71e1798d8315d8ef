/** A payment's later life: an event is decided, written and booked in one transaction. */
import { addEffect } from '../kit/effect-store.ts';
import { announce } from '../kit/outbox-store.ts';
import { type Account, claimAccount } from '../ledger/account.ts';
import { type Books, post } from '../ledger/store.ts';
import { type Msat, msat } from '../money/msat.ts';
import { bookInternal, bookPartReturned, bookPartSent, bookPartSettled, bookRelease } from './booking.ts';
import { releaseHash } from './claim-store.ts';
import type { PaymentsContext } from './context.ts';
import { bookPaidByForeign } from './foreign-booking.ts';
import { settledForeign } from './foreign-store.ts';
import { lockInvoice, settleInvoice } from './invoice-store.ts';
import { decide, type PaymentEffect, type PaymentEvent, partMsat } from './payment.ts';
import { lockPaymentOfPart, type StoredPayment, savePayment } from './store.ts';
import { invoiceView, paymentView } from './views.ts';

/** Applies an event to the payment that has the part. Null: no payment of ours. */
export async function applyPartEvent(
  context: PaymentsContext,
  tx: Books,
  event: Extract<PaymentEvent, { token: unknown }>,
): Promise<StoredPayment | null> {
  const stored = await lockPaymentOfPart(tx, event.token);
  return stored === null ? null : applyTo(context, tx, stored, event);
}

/** Applies an event to a locked payment: decides, writes, books. */
export async function applyTo(
  context: PaymentsContext,
  tx: Books,
  stored: StoredPayment,
  event: PaymentEvent,
): Promise<StoredPayment> {
  const [after, effects] = decide(stored.payment, event);
  if (after === stored.payment && effects.length === 0) return stored;
  await savePayment(tx, stored.payment, after);
  const over = after.state === 'settled' || after.state === 'failed';
  const next = {
    ...stored,
    payment: after,
    endedAt: over ? (stored.endedAt ?? context.clock.now()) : null,
  };
  for (const effect of effects) await perform(context, tx, next, effect);
  if (after.state !== stored.payment.state || after.parts.length !== stored.payment.parts.length) {
    await announce(tx, `payment.${after.state}`, after.id, paymentView(next));
  }
  return next;
}

async function perform(
  context: PaymentsContext,
  tx: Books,
  stored: StoredPayment,
  effect: PaymentEffect,
): Promise<void> {
  const { payment } = stored;
  const payer = claimAccount(stored.accountId);
  if (payer === null) throw new Error(`payment ${payment.id} has no claim account: ${stored.accountId}`);
  switch (effect.kind) {
    case 'book_part_sent':
      post(tx, bookPartSent(effect.part));
      return;
    case 'book_part_returned':
      post(tx, bookPartReturned(effect.part));
      return;
    case 'book_part_settled':
      post(tx, bookPartSettled(effect.part, payer, effect.paidMsat));
      return;
    case 'book_foreign': {
      const parts = await settledForeign(tx, context.network, payment.paymentHash);
      post(tx, bookPaidByForeign(payment.id, payer, payment.amountMsat, effect.feeMsat, parts));
      return;
    }
    case 'book_internal':
      return settleOwn(tx, stored, payer);
    case 'release_hold':
      post(tx, bookRelease(payment.id, payer, unspent(stored)));
      return;
    case 'release_hash':
      return releaseHash(tx, payment);
    case 'send':
    case 'resolve':
      return addEffect(tx, {
        kind: `part.${effect.kind}`,
        key: effect.part.token,
        payload: { token: effect.part.token },
        nodeId: effect.part.nodeId,
      });
    case 'plan_again':
      return addEffect(tx, {
        kind: 'payment.plan',
        key: `${payment.id}:${payment.attempt + 1}`,
        payload: { payment: payment.id },
      });
    case 'alarm':
      context.log.error({ payment: payment.id }, effect.message);
      return announce(tx, 'alarm', payment.id, { message: effect.message });
  }
}

/** What is left of the hold: amount and fee limit, less what settled parts took. */
function unspent({ payment, internalInvoiceId }: StoredPayment): Msat {
  if (internalInvoiceId !== null) return payment.state === 'settled' ? msat(0n) : payment.amountMsat;
  const settled = payment.parts.filter((part) => part.state === 'settled');
  // Foreign parts have paid it.
  if (payment.state === 'settled' && settled.length === 0)
    return msat(payment.feeLimitMsat - payment.feeMsat);
  const spent = settled.reduce((total, part) => total + partMsat(part), payment.feeMsat as bigint);
  return msat(payment.amountMsat + payment.feeLimitMsat - spent);
}

async function settleOwn(
  tx: Books,
  { payment, internalInvoiceId }: StoredPayment,
  payer: Account,
): Promise<void> {
  const invoice = await lockInvoice(tx, internalInvoiceId ?? '');
  const payee = claimAccount(invoice.account_id);
  if (payee === null) throw new Error(`invoice ${invoice.id} has no claim account`);
  post(tx, bookInternal(payment.id, payer, payee, payment.amountMsat));
  await settleInvoice(tx, invoice.id, { receivedMsat: payment.amountMsat, paid: 'on_time', internal: true });
  await announce(tx, 'invoice.settled', invoice.id, invoiceView(await lockInvoice(tx, invoice.id)));
}
