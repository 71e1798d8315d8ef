import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import { systemClock, within } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import type { Api } from '../kit/http.ts';
import { json } from '../kit/shapes.ts';
import { readClaims } from '../ledger/store.ts';
import type { NodeProof } from './books.ts';
import type { Fleet } from './fleet.ts';
import { liquidity } from './health.ts';
import { nodeView } from './node-view.ts';
import { balanceSchema, booksSchema, healthSchema, nodeSchema } from './schemas.ts';
import type { NodeState } from './standing.ts';
import { answers } from './store.ts';

/** A database that is on its way back is waited for elsewhere; here it is down. ms. */
const DATABASE_MS = 2_000;

export function fleetRoutes(api: Api, guarded: Guarded, db: Db, fleet: Fleet): void {
  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/nodes',
      summary: 'The own nodes, their health and channels',
      responses: { 200: json(z.object({ data: z.array(nodeSchema) }), 'All nodes') },
    }),
    async (c) => {
      const exposures = await fleet.exposures();
      const nodes = await Promise.all(fleet.nodes.map((own) => nodeView(fleet, own, exposures.get(own.id))));
      return c.json({ data: nodes }, 200);
    },
  );

  api.openapi(
    guarded('balances:read', {
      method: 'get',
      path: '/v1/balance',
      summary: 'What the fleet can send and receive, and whose it is',
      responses: { 200: json(balanceSchema, 'Now') },
    }),
    async (c) => c.json(await balanceView(db, fleet), 200),
  );

  api.openapi(
    guarded('books:read', {
      method: 'get',
      path: '/v1/books/check',
      summary: 'Prove the ledger against every node at matching cursors',
      responses: { 200: json(booksSchema, 'The proof; nothing is adjusted') },
    }),
    async (c) => c.json(booksView(await fleet.proveBooks()), 200),
  );

  api.get('/v1/health', async (c) => {
    const database = await within(systemClock, DATABASE_MS, answers(db.read)).then(
      () => 'up' as const,
      () => 'down' as const,
    );
    const states = fleet.nodes.map((own) => [own.id, fleet.health(own.id).state] as const);
    const sending = fleet.panicSeen().on ? ('stopped' as const) : ('on' as const);
    const status =
      database === 'down'
        ? 'down'
        : statusOf(
            states.map(([, state]) => state),
            sending,
          );
    const answer = { status, database, sending, nodes: Object.fromEntries(states) };
    return c.json(answer, status === 'down' ? 503 : 200);
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/health',
    summary: 'Is it well? No key needed',
    responses: { 200: json(healthSchema, 'ok or degraded'), 503: json(healthSchema, 'down') },
  });
}

/** Nodes that are drained, or may only receive, are there: nobody is to be woken for them a second time. */
function statusOf(states: readonly NodeState[], sending: 'on' | 'stopped'): 'ok' | 'degraded' | 'down' {
  const away = states.filter((state) => state === 'down' || state === 'lagging').length;
  if (states.length > 0 && away === states.length) return 'down';
  return sending === 'on' && states.length > 0 && states.every((state) => state === 'up') ? 'ok' : 'degraded';
}

const CUSTOMERS_MAX = 200;

async function balanceView(db: Db, fleet: Fleet): Promise<z.infer<typeof balanceSchema>> {
  const nodes = await Promise.all(
    fleet.nodes.map(async (own) => {
      const health = await fleet.refresh(own.id);
      const { spendableMsat, receivableMsat } = liquidity(health);
      const up = health.state === 'up';
      return {
        id: own.id,
        state: health.state,
        spendable: up ? spendableMsat : 0n,
        receivable: up || health.state === 'disputed' ? receivableMsat : 0n,
      };
    }),
  );
  const claims = await firstClaims(db);
  const total = (pick: (node: (typeof nodes)[number]) => bigint) =>
    nodes.reduce((sum, node) => sum + pick(node), 0n);
  const largest = nodes.reduce((most, node) => (node.spendable > most ? node.spendable : most), 0n);
  return {
    spendable_msat: total((node) => node.spendable).toString(),
    receivable_msat: total((node) => node.receivable).toString(),
    largest_payment_msat: largest.toString(),
    nodes: nodes.map((node) => ({
      id: node.id,
      state: node.state,
      spendable_msat: node.spendable.toString(),
      receivable_msat: node.receivable.toString(),
    })),
    accounts: claims.map((claim) => ({
      id: claim.id,
      free_msat: claim.free_msat.toString(),
      held_msat: claim.held_msat.toString(),
    })),
  };
}

/** The business's own, and the first customers: of many `GET /v1/accounts` has them all. */
async function firstClaims({ read }: Db): ReturnType<typeof readClaims> {
  const [customers, own] = await Promise.all([
    readClaims(read, { after: 'customer:', limit: CUSTOMERS_MAX }),
    readClaims(read, { after: 'own:', limit: 1 }),
  ]);
  return [...customers.filter(({ id }) => id.startsWith('customer:')), ...own];
}

const sideView = (side: NodeProof['ledger']) => ({
  channels_msat: side.channelsMsat.toString(),
  in_flight_msat: side.inFlightMsat.toString(),
  onchain_msat: side.onchainMsat.toString(),
});

/** Absolute values are summed: a surplus at one node must not hide a loss at another. */
export function booksView(proofs: readonly NodeProof[]): z.infer<typeof booksSchema> {
  const absolute = (value: bigint) => (value < 0n ? -value : value);
  return {
    difference_msat: proofs.reduce((sum, proof) => sum + absolute(proof.differenceMsat), 0n).toString(),
    nodes: proofs.map((proof) => ({
      node: proof.node,
      difference_msat: proof.differenceMsat.toString(),
      cursor: proof.cursor,
      ledger: sideView(proof.ledger),
      reported: sideView(proof.reported),
      in_flight: proof.inFlight.map((item) => ({
        payment_hash: item.paymentHash,
        parts: [...item.parts],
        ledger_msat: item.ledgerMsat.toString(),
        node_msat: item.nodeMsat.toString(),
      })),
    })),
  };
}
