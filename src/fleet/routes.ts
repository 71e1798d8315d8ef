import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Db } from '../kit/db.ts';
import type { Api } from '../kit/http.ts';
import { json, msatText } from '../kit/shapes.ts';
import { readClaims } from '../ledger/store.ts';
import { printable } from '../lightning/text.ts';
import type { NodeProof } from './books.ts';
import { channelView } from './channel-view.ts';
import type { Fleet, OwnNode } from './fleet.ts';
import { liquidity } from './health.ts';

export const nodeSchema = z
  .object({
    id: z.string().openapi({ example: 'eu' }),
    region: z.string(),
    driver: z.string(),
    state: z.enum(['up', 'lagging', 'down']),
    pubkey: z.string().nullable(),
    alias: z.string().nullable(),
    version: z.string().nullable(),
    network: z.string().nullable(),
    block_height: z.int().nullable(),
    spendable_msat: msatText,
    receivable_msat: msatText,
    channels: z.array(
      z.object({
        id: z.string(),
        scid: z.string().nullable(),
        peer: z.string(),
        peer_alias: z.string(),
        capacity_msat: msatText,
        local_msat: msatText,
        remote_msat: msatText,
        spendable_msat: msatText,
        receivable_msat: msatText,
        active: z.boolean(),
        private: z.boolean(),
      }),
    ),
  })
  .openapi('Node');

export const balanceSchema = z
  .object({
    spendable_msat: msatText.openapi({ description: 'what all healthy nodes could send' }),
    receivable_msat: msatText,
    largest_payment_msat: msatText.openapi({ description: 'the most that one node could send' }),
    nodes: z.array(
      z.object({ id: z.string(), state: z.string(), spendable_msat: msatText, receivable_msat: msatText }),
    ),
    accounts: z.array(z.object({ id: z.string(), free_msat: msatText, held_msat: msatText })),
  })
  .openapi('Balance');

const sideSchema = z.object({ channels_msat: msatText, in_flight_msat: msatText, onchain_msat: msatText });
export const booksSchema = z
  .object({
    difference_msat: msatText.openapi({
      example: '0',
      description: 'sum of the absolute differences; 0 is proof',
    }),
    nodes: z.array(
      z.object({
        node: z.string(),
        difference_msat: z.string().openapi({ description: 'node - ledger' }),
        cursor: z.string().openapi({ description: 'where in the event stream both were read' }),
        ledger: sideSchema,
        reported: sideSchema,
        in_flight: z.array(
          z.object({
            payment_hash: z.string(),
            parts: z.array(z.string()),
            ledger_msat: msatText,
            node_msat: msatText,
          }),
        ),
      }),
    ),
  })
  .openapi('Books');

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'down']),
    database: z.enum(['up', 'down']),
    nodes: z.record(z.string(), z.enum(['up', 'lagging', 'down'])),
  })
  .openapi('Health');

export function fleetRoutes(api: Api, guarded: Guarded, db: Db, fleet: Fleet): void {
  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/nodes',
      summary: 'The own nodes, their health and channels',
      responses: { 200: json(z.object({ data: z.array(nodeSchema) }), 'All nodes') },
    }),
    async (c) => {
      const nodes = await Promise.all(fleet.nodes.map((own) => nodeView(fleet, own)));
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
    const database = await db.read.query('select 1 as up').then(
      () => 'up' as const,
      () => 'down' as const,
    );
    const states = fleet.nodes.map((own) => [own.id, fleet.health(own.id).state] as const);
    const well = states.filter(([, state]) => state === 'up').length;
    const status = database === 'down' || well === 0 ? 'down' : well < states.length ? 'degraded' : 'ok';
    return c.json({ status, database, nodes: Object.fromEntries(states) }, status === 'down' ? 503 : 200);
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/health',
    summary: 'Is it well? No key needed',
    responses: { 200: json(healthSchema, 'ok or degraded'), 503: json(healthSchema, 'down') },
  });
}

async function nodeView(fleet: Fleet, own: OwnNode): Promise<z.infer<typeof nodeSchema>> {
  const health = await fleet.refresh(own.id);
  const { spendableMsat, receivableMsat } = liquidity(health);
  const { info } = health;
  return {
    id: own.id,
    region: own.region,
    driver: own.driver,
    state: health.state,
    pubkey: info?.pubkey ?? null,
    alias: info === null ? null : printable(info.alias),
    version: info?.version ?? null,
    network: info?.network ?? null,
    block_height: info?.blockHeight ?? null,
    spendable_msat: spendableMsat.toString(),
    receivable_msat: receivableMsat.toString(),
    channels: health.channels.map((channel) => ({
      ...channelView(channel),
      scid: channel.scid,
      peer_alias: printable(channel.peerAlias),
    })),
  };
}

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
        receivable: up ? receivableMsat : 0n,
      };
    }),
  );
  const claims = await readClaims(db.read);
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
