/** What nodes tell of payments and invoices, booked: events of one payment in their order, those of others beside them. */

import { all } from '../ledger/shared-books.ts';
import type { Books } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { NodeEvent } from '../nodes/node.ts';
import { applyPartEvent } from './apply.ts';
import type { PaymentsContext } from './context.ts';
import { creditInvoice } from './receive.ts';
import { paymentIdsOfParts } from './store.ts';

export async function bookEvents(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  events: readonly NodeEvent[],
): Promise<void> {
  const payments = await paymentIdsOfParts(
    tx,
    events.flatMap((event) => ('token' in event ? [event.token] : [])),
  );
  const subjects = Map.groupBy(events, (event) => {
    if ('token' in event) return payments.get(event.token) ?? event.token;
    return event.kind === 'invoice_settled' ? event.paymentHash : '';
  });
  const inTurn = async (own: readonly NodeEvent[]): Promise<void> => {
    for (const event of own) await bookEvent(context, tx, node, event);
  };
  await all([...subjects.values()].map(inTurn));
}

async function bookEvent(context: PaymentsContext, tx: Books, node: NodeId, event: NodeEvent): Promise<void> {
  switch (event.kind) {
    case 'part_settled': {
      const { token, preimage, feeMsat } = event;
      await applyPartEvent(context, tx, { kind: 'settled', token, preimage, feeMsat });
      return;
    }
    case 'part_failed':
      await applyPartEvent(context, tx, { kind: 'failed', token: event.token, reason: event.reason });
      return;
    case 'invoice_settled':
      return creditInvoice(context, tx, node, event.paymentHash, event.receivedMsat);
    default: // the fleet itself has dealt with the others
      return;
  }
}
