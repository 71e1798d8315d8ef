/** A payment that is asked for under an `Idempotency-Key`: intended once, answered alike ever after. */
import { CommitUnknown, constraintOf } from '../kit/db.ts';
import { findResponse, type IdempotentRequest, once, type StoredResponse } from '../kit/idempotency.ts';
import { Problem } from '../kit/problems.ts';
import type { PaymentsContext } from './context.ts';
import { intendOnce, intendPayment, type PreparedPayment } from './service.ts';
import { paymentView } from './views.ts';

/** As often as that; the database has been waited for each time. */
const TRIES = 3;

/**
 * Intends the payment and stores the answer in one transaction; a key that was answered before is answered again. Where
 * nobody knows whether that transaction was committed, the key tells: it is asked for again, and finds the answer or is
 * the first.
 * @throws Problem; CommitUnknown where the database does not come back
 */
export async function payOnce(
  context: PaymentsContext,
  request: IdempotentRequest,
  prepare: () => Promise<PreparedPayment>,
): Promise<StoredResponse> {
  for (let tries = 1; ; tries++) {
    try {
      return await payUnlessPaid(context, request, prepare);
    } catch (error) {
      if (!(error instanceof CommitUnknown) || tries === TRIES) throw error;
    }
  }
}

async function payUnlessPaid(
  context: PaymentsContext,
  request: IdempotentRequest,
  prepare: () => Promise<PreparedPayment>,
): Promise<StoredResponse> {
  const known = await findResponse(context.db, request);
  if (known !== null) return known;
  try {
    const source = `${request.principalId}:${request.key}`;
    return await intendOnce(context, source, await prepare(), (tx, planned) =>
      once(tx, request, async () => {
        const stored = await intendPayment(context, tx, planned, source);
        return { status: 202, body: paymentView(stored) };
      }),
    );
  } catch (error) {
    if (constraintOf(error) === 'obligation_source_key') throw usedUp();
    // What stands in the way may be this very request, sent twice and answered a moment ago.
    const answered = error instanceof Problem ? await findResponse(context.db, request) : null;
    if (answered === null) throw error;
    return answered;
  }
}

/** The answer is kept for a time, the debt for ever. */
const usedUp = (): Problem =>
  new Problem(
    'idempotency_key_reused',
    'Idempotency-Key: a payment was asked for under this key long ago, and its answer is kept no longer; look for it in GET /v1/payments, or use a new key for a new debt.',
    { field: 'Idempotency-Key' },
  );
