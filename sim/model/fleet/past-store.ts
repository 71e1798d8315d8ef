import type * as product from '../../../src/fleet/past-store.ts';
import type { NodeId } from '../../../src/lightning/ids.ts';
import { statement, theOne } from '../database.ts';
import { identityOf, type SessionData } from '../schema.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

const newer = (one: bigint, other: bigint): bigint => (one > other ? one : other);
const reached = ({ imported_epoch, waived_epoch }: SessionData): bigint =>
  newer(imported_epoch, waived_epoch);

/** As SQL sees it in one statement. */
export function seePast(s: Session): product.Past {
  const { past, node, node_session } = s.tables;
  const row = theOne([s.get(past.by.past_pkey, 1)].filter((each) => each !== null));
  const unimported = s
    .where(node, ({ id }) => {
      const session = s.get(node_session.by.node_session_pkey, id);
      return session !== null && reached(session) < row.epoch;
    })
    .map((each) => s.see(each)?.id as NodeId)
    .sort();
  const current = row.identity === identityOf(s.tables);
  return { epoch: row.epoch, since: row.since, ageMs: s.now - row.since, current, unimported };
}

export const readPast: Product['readPast'] = (read) => statement(read, 'readPast', seePast);

export const beginEpoch: Product['beginEpoch'] = async (tx) => {
  const begun = await statement(tx, 'beginEpoch', async (s) => {
    const identity = identityOf(s.tables);
    const rows = s.where(s.tables.past, (row) => row.identity !== identity);
    const [row] = await s.update(rows, ({ epoch, identity: before }) =>
      before === identity ? null : { epoch: before === null ? epoch : epoch + 1n, identity, since: s.now },
    );
    return row?.epoch ?? null;
  });
  if (begun === null || begun === 0n) return begun;
  await statement(tx, 'beginEpoch: sessions', (s) =>
    s.update(
      s.where(s.tables.node_session, () => true),
      (row) => ({ ...row, token: row.token + 1n, expires_at: s.now }),
    ),
  );
  await statement(tx, 'beginEpoch: effects', (s) =>
    s.update(
      s.where(s.tables.effect, ({ attempts }) => attempts > 0),
      (row) => (row.attempts > 0 ? { ...row, run_after: s.now, claim: row.claim + 1n } : null),
    ),
  );
  return begun;
};

export const markImported: Product['markImported'] = (tx, node, epoch) =>
  statement(tx, 'markImported', async (s) => {
    await s.update(s.list(s.tables.node_session.by.node_session_pkey, node), (row) => ({
      ...row,
      imported_epoch: newer(row.imported_epoch, epoch),
    }));
  });

export const waiveImport: Product['waiveImport'] = (tx, node) =>
  statement(tx, 'waiveImport', async (s) => {
    const { epoch } = seePast(s);
    const isBehind = (row: SessionData | null): boolean => row !== null && reached(row) < epoch;
    const all = s.list(s.tables.node_session.by.node_session_pkey, node);
    const rows = all.filter((row) => isBehind(s.see(row)));
    const waived = await s.update(rows, (row) => (isBehind(row) ? { ...row, waived_epoch: epoch } : null));
    return waived.length === 1;
  });

export const isOutdated: Product['isOutdated'] = async (read, paymentId) =>
  theOne(
    await statement(read, 'isOutdated', (s) => {
      const payment = s.get(s.tables.payment.by.payment_pkey, paymentId);
      return payment === null ? [] : [payment.epoch < seePast(s).epoch];
    }),
  );
