import type { NodeId } from '../../../src/lightning/ids.ts';
import { planToKeep } from '../../../src/payments/attempt-store.ts';
import { type Part, type Payment, partFeeMsat, partMsat } from '../../../src/payments/payment.ts';
import type * as product from '../../../src/payments/store.ts';
import { routeToJson, toStored } from '../../../src/payments/store.ts';
import { statement, theOne } from '../database.ts';
import type { PartData, PaymentData } from '../schema.ts';
import type { Row } from '../table.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

export { routeToJson, toStored };

type Find = (s: Session) => Row<PaymentData> | null;

const byId =
  (id: string): Find =>
  (s) =>
    s.find(s.tables.payment.by.payment_pkey, id);

const byToken =
  (token: string): Find =>
  (s) => {
    const part = s.get(s.tables.part.by.part_token_key, token);
    return part === null ? null : s.find(s.tables.payment.by.payment_pkey, part.payment_id);
  };

const dataOf = (rows: readonly Row<PartData>[], s: Session): PartData[] =>
  rows
    .map((row) => s.see(row))
    .filter((part) => part !== null)
    .sort((one, other) => (one.id < other.id ? -1 : 1));

const toPartRow = (part: PartData): product.PartRow => ({ ...part, route: JSON.parse(part.route) });

const withParts = (
  read: Parameters<Product['findPayment']>[0],
  row: PaymentData | null,
): Promise<product.StoredPayment> | null =>
  row === null
    ? null
    : statement(read, 'partsOf', (s) =>
        toStored(row, dataOf(s.list(s.tables.part.by.payment_id, row.id), s).map(toPartRow)),
      );

const read = async (from: Parameters<Product['findPayment']>[0], name: string, find: Find) =>
  withParts(
    from,
    await statement(from, name, (s) => {
      const row = find(s);
      return row === null ? null : s.see(row);
    }),
  );

const lock = async (tx: Parameters<Product['lockPayment']>[0], name: string, find: Find) =>
  withParts(
    tx,
    await statement(tx, name, (s) => {
      const row = find(s);
      return row === null ? null : s.hold(row, 'update');
    }),
  );

export const findPayment: Product['findPayment'] = (from, id) => read(from, 'findPayment', byId(id));

export const findPaymentOfPart: Product['findPaymentOfPart'] = (from, token) =>
  read(from, 'findPaymentOfPart', byToken(token));

export const lockPayment: Product['lockPayment'] = (tx, id) => lock(tx, 'lockPayment', byId(id));

export const lockPaymentOfPart: Product['lockPaymentOfPart'] = (tx, token) =>
  lock(tx, 'lockPaymentOfPart', byToken(token));

export const listPayments: Product['listPayments'] = async (from, { before, limit }) => {
  const rows = await statement(from, 'listPayments', (s) =>
    s
      .where(
        s.tables.payment,
        ({ created_at, id }) =>
          before === null || created_at < before.at || (created_at === before.at && id < before.id),
      )
      .map((row) => s.see(row) as PaymentData)
      .sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? 1 : -1))
      .slice(0, limit),
  );
  if (rows.length === 0) return [];
  return statement(from, 'partsOf', (s) =>
    rows.map((row) => toStored(row, dataOf(s.list(s.tables.part.by.payment_id, row.id), s).map(toPartRow))),
  );
};

export const insertPayment: Product['insertPayment'] = (tx, fresh) => {
  const { payment, accountId, ...stored } = fresh.stored;
  const plan = fresh.plan === null ? null : JSON.stringify(planToKeep(fresh.plan));
  return statement(tx, 'insertPayment', async (s) => {
    const { now, tables } = s;
    const epoch = s.get(tables.past.by.past_pkey, 1)?.epoch ?? 0n;
    const owed = await s.insertFirst(tables.obligation, {
      id: fresh.obligationId,
      source: fresh.obligationSource,
      account_id: accountId,
      amount_msat: payment.amountMsat,
      created_at: now,
    });
    const begun = await s.insertFirst(tables.payment, {
      id: payment.id,
      obligation_id: fresh.obligationId,
      account_id: accountId,
      network: fresh.network,
      payment_hash: payment.paymentHash,
      bolt11: stored.bolt11,
      payment_secret: stored.paymentSecret,
      payment_metadata: stored.paymentMetadata,
      amount_msat: payment.amountMsat,
      fee_limit_msat: payment.feeLimitMsat,
      state: 'pending',
      failure: null,
      preimage: null,
      paid_fee_msat: 0n,
      fee_msat: null,
      attempt: 0,
      internal_invoice_id: stored.internalInvoiceId,
      preferred_region: stored.preferredRegion,
      deadline_at: stored.deadlineAt,
      created_at: stored.createdAt,
      ended_at: null,
      epoch,
    });
    const refer = [owed, begun];
    if (plan !== null && fresh.plan !== null) {
      const planned_at = fresh.plan.plannedAt;
      const first = { payment_id: payment.id, attempt: 1, plan, rounds: 1, planned_at };
      refer.push(await s.insertFirst(tables.attempt, first));
    }
    for (const look of refer) await look();
  });
};

export const paymentIdsOfParts: Product['paymentIdsOfParts'] = async (from, tokens) => {
  if (tokens.length === 0) return new Map();
  return statement(
    from,
    'paymentIdsOfParts',
    (s) =>
      new Map(
        tokens.flatMap((token) => {
          const part = s.get(s.tables.part.by.part_token_key, token);
          return part === null ? [] : [[token, part.payment_id]];
        }),
      ),
  );
};

const insertParts = async (tx: Tx, paymentId: string, parts: readonly Part[]): Promise<void> => {
  for (const part of parts) {
    const route = JSON.stringify(routeToJson(part.route));
    await statement(tx, 'insertPart', (s) =>
      s.insert(s.tables.part, {
        id: part.id,
        payment_id: paymentId,
        attempt: part.attempt,
        node_id: part.nodeId,
        token: part.token,
        amount_msat: partMsat(part),
        fee_msat: partFeeMsat(part),
        route,
        state: part.state,
        failure: null,
        created_at: s.now,
        sent_at: null,
        send_ms: null,
        ended_at: null,
        checked_at: s.now,
      }),
    );
  }
};

export const savePayment: Product['savePayment'] = async (tx, before, after) => {
  if (!isSame(before, after)) await updatePayment(tx, after);
  await insertParts(tx, after.id, after.parts.slice(before.parts.length));
  for (const [index, part] of before.parts.entries()) {
    const now = after.parts[index];
    if (now !== undefined && now !== part) await updatePart(tx, now);
  }
};

const isSame = (one: Payment, other: Payment): boolean =>
  one.state === other.state &&
  one.failure === other.failure &&
  one.preimage === other.preimage &&
  one.feeMsat === other.feeMsat &&
  one.attempt === other.attempt;

const isOver = (state: string): boolean => state === 'settled' || state === 'failed';

type Tx = Parameters<Product['savePayment']>[0];

const updatePayment = (
  tx: Tx,
  { id, state, failure, preimage, feeMsat, attempt }: Payment,
): Promise<unknown> =>
  statement(tx, 'updatePayment', (s) =>
    s.update(s.list(s.tables.payment.by.payment_pkey, id), (row) => ({
      ...row,
      state,
      failure,
      preimage,
      paid_fee_msat: feeMsat,
      fee_msat: state === 'settled' ? feeMsat : null,
      attempt,
      ended_at: isOver(state) ? (row.ended_at ?? s.now) : null,
    })),
  );

const updatePart = (tx: Tx, { id, state, failure, sendMs }: Part): Promise<unknown> =>
  statement(tx, 'updatePart', (s) =>
    s.update(s.list(s.tables.part.by.part_pkey, id), (row) => ({
      ...row,
      state,
      failure,
      send_ms: sendMs,
      sent_at: state === 'planned' ? row.sent_at : (row.sent_at ?? s.now),
      ended_at: isOver(state) ? (row.ended_at ?? s.now) : null,
    })),
  );

const SENT = new Set(['in_flight', 'unknown']);

/** Sent and without an end, those that nobody has looked at for longest first. */
const sentParts = (s: Session, node: NodeId): { row: Row<PartData>; data: PartData }[] =>
  s
    .list(s.tables.part.by.open, node)
    .map((row) => ({ row, data: s.see(row) as PartData }))
    .filter(({ data }) => SENT.has(data.state))
    .sort((one, other) => one.data.checked_at - other.data.checked_at);

export const takeStaleParts: Product['takeStaleParts'] = (tx, nodes, staleMs, limit) =>
  statement(tx, 'takeStaleParts', (s) => {
    const stale = [...new Set(nodes)]
      .flatMap((node) => sentParts(s, node))
      .filter(({ data }) => data.checked_at < s.now - staleMs)
      .sort((one, other) => one.data.checked_at - other.data.checked_at)
      .map(({ row }) => row);
    const taken = s.takeFree(stale, limit, (part) => ({ ...part, checked_at: s.now }));
    return taken.map(({ token, node_id }) => ({ token, node_id: node_id as NodeId }));
  });

export const openPartsOf: Product['openPartsOf'] = (from, node, limit) =>
  statement(from, 'openPartsOf', (s) =>
    sentParts(s, node)
      .slice(0, limit)
      .map(({ data }) => data.token),
  );

export const hasOpenParts: Product['hasOpenParts'] = (from) =>
  statement(from, 'hasOpenParts', (s) => {
    const { open } = s.tables.part.by;
    return [...open.rows.keys()].some((node) => s.list(open, node).length > 0);
  });

export const timeSinceSend: Product['timeSinceSend'] = async (from, token) => {
  const found = await statement(from, 'timeSinceSend', (s) => {
    const part = s.get(s.tables.part.by.part_token_key, token);
    return part === null ? [] : [s.now - (part.sent_at ?? s.now)];
  });
  return theOne(found);
};
