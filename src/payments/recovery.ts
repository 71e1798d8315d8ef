/** The sweep: what the streams did not tell is looked up. Bounded work, whatever the history. */
import type { Clock } from '../kit/clock.ts';
import type { Tx } from '../kit/db.ts';
import { addEffect } from '../kit/effects.ts';
import type { PaymentsContext } from './context.ts';
import { takeStaleInvoices } from './invoice-store.ts';
import { takeStaleParts } from './store.ts';

const SWEEP_MS = 15_000;
const BATCH = 100;

/** Has the oldest unwatched parts and invoices of the nodes owned here looked at. */
export async function sweep(context: PaymentsContext, tx: Tx): Promise<number> {
  const { staleMs } = context.patience;
  const nodes = context.fleet().owned();
  const parts = await takeStaleParts(tx, nodes, staleMs, BATCH);
  for (const part of parts) {
    const { token, node_id } = part;
    await addEffect(tx, { kind: 'part.resolve', key: token, payload: { token }, nodeId: node_id });
  }
  const invoices = await takeStaleInvoices(tx, nodes, staleMs, BATCH);
  for (const { id, node_id } of invoices) {
    await addEffect(tx, {
      kind: 'invoice.check',
      key: `sweep:${id}`,
      payload: { invoice: id },
      nodeId: node_id,
    });
  }
  return parts.length + invoices.length;
}

export function startSweep(context: PaymentsContext, clock: Clock, kick: () => void) {
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(SWEEP_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      const found = await context.db
        .tx((tx) => sweep(context, tx))
        .catch((error: unknown) => {
          context.log.warn({ error }, 'the sweep failed; trying again');
          return 0;
        });
      if (found > 0) kick();
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
