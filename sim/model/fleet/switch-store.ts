import type { Drain } from '../../../src/fleet/standing.ts';
import type * as product from '../../../src/fleet/switch-store.ts';
import type { NodeId } from '../../../src/lightning/ids.ts';
import { statement, theOne } from '../database.ts';
import { keyed } from '../table.ts';
import { seePast } from './past-store.ts';

type Product = typeof product;

export const readPanic: Product['readPanic'] = async (read) => {
  const row = await statement(read, 'readPanic', (s) => s.get(s.tables.panic.by.panic_pkey, 1));
  const { is_on, ...panic } = theOne(row === null ? [] : [row]);
  return { on: is_on, ...panic };
};

export const readDrains: Product['readDrains'] = (read) =>
  statement(read, 'readDrains', (s) => {
    const rows = s
      .where(s.tables.node_drain, () => true)
      .map((row) => s.see(row) as Drain & { readonly node_id: NodeId })
      .sort((one, other) => one.since - other.since || (one.cause < other.cause ? -1 : 1));
    return Map.groupBy(rows, (row) => row.node_id);
  });

export const addDrain: Product['addDrain'] = (tx, node, { cause, reason, principal }) =>
  statement(tx, 'addDrain', (s) =>
    s.insertNew(s.tables.node_drain, { node_id: node, cause, reason, principal, since: s.now }),
  );

export const endDrains: Product['endDrains'] = (tx, node, causes) =>
  statement(tx, 'endDrains', async (s) => {
    const rows = causes.flatMap((cause) =>
      s.list(s.tables.node_drain.by.node_drain_pkey, keyed(node, cause)),
    );
    return (await s.removeWhere(rows, () => true)).length > 0;
  });

export const switchPanic: Product['switchPanic'] = (tx, { on, reason, principal }) =>
  statement(tx, 'switchPanic', async (s) => {
    const rows = s.where(s.tables.panic, ({ is_on }) => is_on !== on);
    const [panic] = await s.update(rows, ({ is_on, epoch }) =>
      is_on === on ? null : { is_on: on, epoch: epoch + 1n, reason, principal, at: s.now },
    );
    return panic === undefined ? null : { on, epoch: panic.epoch, reason, principal, at: panic.at };
  });

export const unconfirmed: Product['unconfirmed'] = (read, epoch) =>
  statement(
    read,
    'unconfirmed',
    (s) =>
      s
        .where(s.tables.node_session, (row) => row.panic_seen < epoch && row.expires_at > s.now)
        .map((row) => s.see(row)?.node_id ?? '')
        .sort() as NodeId[],
  );

export const confirmPanic: Product['confirmPanic'] = (tx, node, token, epoch) =>
  statement(tx, 'confirmPanic', async (s) => {
    const rows = s.list(s.tables.node_session.by.node_session_pkey, node);
    const own = rows.filter((row) => s.see(row)?.token === token);
    await s.update(own, (row) =>
      row.token === token ? { ...row, panic_seen: row.panic_seen > epoch ? row.panic_seen : epoch } : null,
    );
  });

export const readClearance: Product['readClearance'] = async (read, token) => {
  const found = await statement(read, 'readClearance', (s) => {
    const { panic, part, payment, node_drain } = s.tables;
    const past = seePast(s);
    const own = s.get(part.by.part_token_key, token);
    if (own === null) return [];
    const others = s
      .list(part.by.payment_id, own.payment_id)
      .map((row) => s.see(row))
      .filter((other) => other !== null && other.id !== own.id && other.attempt === own.attempt);
    return [
      {
        panic: s.get(panic.by.panic_pkey, 1)?.is_on ?? false,
        drained: s.list(node_drain.by.node_id, own.node_id).length > 0,
        at: s.now,
        begun: others.some((other) => ['in_flight', 'unknown', 'settled'].includes(other?.state ?? '')),
        unimported: !past.current || past.unimported.length > 0,
        outdated: (s.get(payment.by.payment_pkey, own.payment_id)?.epoch ?? 0n) < past.epoch,
      },
    ];
  });
  return theOne(found);
};
