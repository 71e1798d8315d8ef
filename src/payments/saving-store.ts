/** The writing half of `store.ts`: the rows of payments and parts, for many at once. */
import { json, type Tx } from '../kit/db.ts';
import { writeTogether } from '../kit/together.ts';
import type { Route } from '../lightning/route.ts';
import { type Part, type Payment, partFeeMsat, partMsat } from './payment.ts';

export interface RouteJson {
  hops: { pubkey: string; scid: string; amount_msat: string; cltv_delta: number }[];
}

export const routeToJson = (route: Route): RouteJson => ({
  hops: route.hops.map((hop) => ({
    pubkey: hop.pubkey,
    scid: hop.scid,
    amount_msat: hop.amountMsat.toString(),
    cltv_delta: hop.cltvDelta,
  })),
});

type OwnedPart = Part & { readonly paymentId: string };

export const insertPart = writeTogether(async (tx: Tx, parts: readonly OwnedPart[]) => {
  await tx.query(
    `insert into part (id, payment_id, attempt, node_id, token, amount_msat, fee_msat, route, state)
     select id, payment_id, attempt, node_id, token, amount_msat, fee_msat, route::jsonb, state
     from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
         $9::text[])
       as fresh (id, payment_id, attempt, node_id, token, amount_msat, fee_msat, route, state)`,
    [
      parts.map(({ id }) => id),
      parts.map(({ paymentId }) => paymentId),
      parts.map(({ attempt }) => attempt),
      parts.map(({ nodeId }) => nodeId),
      parts.map(({ token }) => token),
      parts.map(partMsat),
      parts.map(partFeeMsat),
      parts.map(({ route }) => json(routeToJson(route))),
      parts.map(({ state }) => state),
    ],
  );
});

export const updatePayment = writeTogether(async (tx: Tx, payments: readonly Payment[]) => {
  await tx.query(
    `update payment set state = now.state, failure = now.failure, preimage = now.preimage,
            paid_fee_msat = now.fee_msat, fee_msat = case when now.state = 'settled' then now.fee_msat end,
            attempt = now.attempt,
            ended_at = case when now.state in ('settled', 'failed') then coalesce(ended_at, now()) end
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[])
       as now (id, state, failure, preimage, fee_msat, attempt)
     where payment.id = now.id`,
    [
      payments.map(({ id }) => id),
      payments.map(({ state }) => state),
      payments.map(({ failure }) => failure),
      payments.map(({ preimage }) => preimage),
      payments.map(({ feeMsat }) => feeMsat),
      payments.map(({ attempt }) => attempt),
    ],
  );
});

export const updatePart = writeTogether(async (tx: Tx, parts: readonly Part[]) => {
  await tx.query(
    `update part set state = now.state, failure = now.failure, send_ms = now.send_ms,
            sent_at = case when now.state = 'planned' then sent_at else coalesce(sent_at, now()) end,
            ended_at = case when now.state in ('settled', 'failed') then coalesce(ended_at, now()) end
     from unnest($1::text[], $2::text[], $3::text[], $4::integer[]) as now (id, state, failure, send_ms)
     where part.id = now.id`,
    [
      parts.map(({ id }) => id),
      parts.map(({ state }) => state),
      parts.map(({ failure }) => failure),
      parts.map(({ sendMs }) => sendMs),
    ],
  );
});
