/**
 * What the streams did not tell is looked up: of a node that has come back at once, of all others now and then.
 * Bounded work, whatever the history.
 */
import type { Clock } from '../kit/clock.ts';
import type { Tx } from '../kit/db.ts';
import { addEffect, hastenEffects } from '../kit/effect-store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { PaymentsContext } from './context.ts';
import { openInvoicesOf, takeStaleInvoices } from './invoice-store.ts';
import { openPartsOf, takeStaleParts } from './store.ts';

const SWEEP_MS = 15_000;
const BATCH = 100;
/** Of one node that has come back; the sweep has the rest looked at. */
const CATCH_UP = 500;

const sweepKey = (invoiceId: string): string => `sweep:${invoiceId}`;

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
      key: sweepKey(id),
      payload: { invoice: id },
      nodeId: node_id,
    });
  }
  return parts.length + invoices.length;
}

/**
 * Has the open parts and invoices of a node looked at now: while it was away, nobody could be told of their ends, and
 * looks at them wait ever longer. What counts as proof stays the same, and so does the second look.
 */
export async function catchUp(tx: Tx, node: NodeId): Promise<number> {
  const tokens = await openPartsOf(tx, node, CATCH_UP);
  const parts = tokens.map((token) => ({ key: token, payload: { token } }));
  await hastenEffects(tx, 'part.resolve', node, parts);
  const ids = await openInvoicesOf(tx, node, CATCH_UP);
  const invoices = ids.map((id) => ({ key: sweepKey(id), payload: { invoice: id } }));
  await hastenEffects(tx, 'invoice.check', node, invoices);
  return tokens.length + ids.length;
}

export interface Recovery {
  /** A node can be used again, or for the first time in this process. */
  readonly cameUp: (node: NodeId) => void;
  stop(): Promise<void>;
}

/** Of a process that drives no node. */
export const noRecovery: Recovery = { cameUp() {}, stop: async () => undefined };

/** @param kick there are effects to do */
export function startRecovery(context: PaymentsContext, clock: Clock, kick: () => void): Recovery {
  const stopping = new AbortController();
  const catchingUp = new Set<Promise<void>>();
  const attempt = async (what: string, work: (tx: Tx) => Promise<number>): Promise<void> => {
    const found = await context.db.tx(work).catch((error: unknown) => {
      context.log.warn({ error }, `${what} failed; the next sweep will look again`);
      return 0;
    });
    if (found > 0) kick();
  };
  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(SWEEP_MS, stopping.signal);
      if (!stopping.signal.aborted) await attempt('the sweep', (tx) => sweep(context, tx));
    }
  })();
  return {
    cameUp(node) {
      if (stopping.signal.aborted) return;
      const work = attempt(`catching up with ${node}`, (tx) => catchUp(tx, node));
      catchingUp.add(work);
      void work.finally(() => catchingUp.delete(work));
    },
    async stop() {
      stopping.abort();
      await Promise.all([sweeping, ...catchingUp]);
    },
  };
}
