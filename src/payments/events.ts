/** What nodes tell of payments and invoices, booked: events of one payment in their order, those of others beside them. */

import { all } from '../ledger/shared-books.ts';
import type { Books } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { NodeEvent } from '../nodes/node.ts';
import { applyPartEvent } from './apply.ts';
import type { PaymentsContext } from './context.ts';
import { endForeign, takeFound } from './foreign.ts';
import { creditInvoice } from './receive.ts';
import { paymentIdsOfParts } from './store.ts';

export async function bookEvents(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  events: readonly NodeEvent[],
): Promise<void> {
  // What is found may be of any of the payments.
  if (events.some(isFound)) return inTurn(context, tx, node, events);
  const payments = await paymentIdsOfParts(
    tx,
    events.flatMap((event) => ('token' in event ? [event.token] : [])),
  );
  const subjects = Map.groupBy(events, (event) => {
    if ('token' in event) return payments.get(event.token) ?? event.token;
    return event.kind === 'invoice_settled' ? event.paymentHash : '';
  });
  await all([...subjects.values()].map((own) => inTurn(context, tx, node, own)));
}

const isFound = (event: NodeEvent): boolean => event.kind === 'part_found' && event.own !== true;

async function inTurn(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  events: readonly NodeEvent[],
): Promise<void> {
  for (const event of events) await bookEvent(context, tx, node, event);
}

async function bookEvent(context: PaymentsContext, tx: Books, node: NodeId, event: NodeEvent): Promise<void> {
  switch (event.kind) {
    case 'part_found':
      return takeFound(context, tx, node, event);
    case 'part_settled': {
      const { token, preimage, feeMsat } = event;
      const ours = await applyPartEvent(context, tx, { kind: 'settled', token, preimage, feeMsat });
      return ours === null ? endForeign(tx, event) : undefined;
    }
    case 'part_failed': {
      const { token, reason } = event;
      const ours = await applyPartEvent(context, tx, { kind: 'failed', token, reason });
      return ours === null ? endForeign(tx, event) : undefined;
    }
    case 'invoice_settled':
      return creditInvoice(context, tx, node, event.paymentHash, event.receivedMsat);
    default: // the fleet itself has dealt with the others
      return;
  }
}
