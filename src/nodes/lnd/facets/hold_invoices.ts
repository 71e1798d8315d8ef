import { status } from '@grpc/grpc-js';
import { type PaymentHash, paymentHash } from '../../../lightning/ids.ts';
import { msat } from '../../../money/msat.ts';
import type { CancelHoldAnswer, HoldInvoices, HoldOrder, HoldState, SettleHoldAnswer } from '../../facets.ts';
import type { CreatedInvoice } from '../../node.ts';
import { LndError, sha256 } from '../call.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import { bytes } from '../map.ts';
import type { Invoice } from '../proto/lightning.ts';

export function holdInvoices({ invoices, lightning }: LndClient): HoldInvoices {
  const find = (hash: string): Promise<Invoice | null> =>
    lightning.lookupInvoice({ r_hash: bytes(hash) }).catch(ifNotFound);

  return {
    async issue(order) {
      const known = await find(order.paymentHash);
      if (known !== null) return sameAgain(order, known);
      await invoices.addHoldInvoice({
        memo: order.description,
        hash: bytes(order.paymentHash),
        value_msat: (order.amountMsat ?? 0n).toString(),
        expiry: order.expirySeconds.toString(),
        cltv_expiry: order.finalCltvDelta.toString(),
        private: true,
      });
      const made = await find(order.paymentHash);
      if (made === null) throw new Error('LND has made an invoice, and knows nothing of it');
      return created(order.paymentHash, made);
    },
    async settle(preimage) {
      try {
        await invoices.settleInvoice({ preimage: bytes(preimage) });
        return { kind: 'settled' };
      } catch (error) {
        return settleAnswer(await find(sha256(bytes(preimage))), error);
      }
    },
    async cancel(hash) {
      try {
        await invoices.cancelInvoice({ payment_hash: bytes(hash) });
        return { kind: 'cancelled' };
      } catch (error) {
        return cancelAnswer(await find(hash), error);
      }
    },
    watch: (hash, deliver) =>
      follow({
        open: () => invoices.subscribeSingleInvoice({ r_hash: bytes(hash) }),
        message: (invoice) => deliver(holdState(invoice)),
        isLast: ({ state }) => state === 'SETTLED' || state === 'CANCELED',
      }),
  };
}

const ifNotFound = (error: unknown): null => {
  if (error instanceof LndError && error.code === status.NOT_FOUND) return null;
  throw error;
};

const created = (hash: PaymentHash, made: Invoice): CreatedInvoice => ({
  bolt11: made.payment_request,
  paymentHash: hash,
  expiresAt: (Number(made.creation_date) + Number(made.expiry)) * 1000,
});

/** An open invoice whose preimage LND has would be settled at once, and nothing be held. */
function sameAgain(order: HoldOrder, known: Invoice): CreatedInvoice {
  const hasPreimage = known.r_preimage.some((byte) => byte !== 0) && known.state !== 'SETTLED';
  const isSame =
    BigInt(known.value_msat) === (order.amountMsat ?? 0n) &&
    known.memo === order.description &&
    Number(known.cltv_expiry) === order.finalCltvDelta;
  if (hasPreimage || !isSame) throw new Error(`the node has another invoice with hash ${order.paymentHash}`);
  return created(paymentHash(order.paymentHash), known);
}

/** The invoice as it is explains why LND did not settle it; where it does not, nothing is known. */
function settleAnswer(invoice: Invoice | null, error: unknown): SettleHoldAnswer {
  if (invoice === null) return { kind: 'not_found' };
  if (invoice.state === 'ACCEPTED') throw error;
  return { kind: SETTLE_ANSWERS[invoice.state] };
}
const SETTLE_ANSWERS = { OPEN: 'pending', SETTLED: 'settled', CANCELED: 'cancelled' } as const;

function cancelAnswer(invoice: Invoice | null, error: unknown): CancelHoldAnswer {
  if (invoice === null) return { kind: 'not_found' };
  if (invoice.state === 'SETTLED') return { kind: 'settled' };
  if (invoice.state === 'CANCELED') return { kind: 'cancelled' };
  throw error;
}

export function holdState(invoice: Invoice): HoldState {
  if (invoice.state === 'SETTLED')
    return { kind: 'settled', receivedMsat: msat(BigInt(invoice.amt_paid_msat)) };
  if (invoice.state !== 'ACCEPTED') return { kind: invoice.state === 'OPEN' ? 'pending' : 'cancelled' };
  const held = invoice.htlcs.filter(({ state }) => state === 'ACCEPTED');
  return {
    kind: 'accepted',
    heldMsat: msat(held.reduce((total, htlc) => total + BigInt(htlc.amt_msat), 0n)),
    expiryHeight: Math.min(...held.map((htlc) => htlc.expiry_height)),
  };
}
