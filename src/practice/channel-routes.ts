import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { randomHex } from '../kit/ids.ts';
import { Problem } from '../kit/problems.ts';
import { body, json, msatText } from '../kit/shapes.ts';
import { type ChannelId, channelId } from '../lightning/ids.ts';
import { fromSat, type Msat, ZERO_MSAT } from '../money/msat.ts';
import type { LightningNode } from '../nodes/node.ts';
import { amountField } from '../payments/request.ts';
import { nobody } from './people.ts';

/** Whoever can have channels made and ended between any two of the world. */
export interface ChannelWorld {
  readonly names: readonly string[];
  /** Its node, be it own or a person's. @throws when there is nobody of that name */
  anybody(name: string): LightningNode;
  /** Links them as peers; idempotent. */
  befriend(one: string, other: string): Promise<void>;
}

/** LDK takes nothing smaller. */
const LEAST_CAPACITY = fromSat(20_000n);

export const channelBody = z
  .strictObject({
    from: z.string().max(40).openapi({ description: 'who opens it, and pays for it' }),
    to: z.string().max(40),
    capacity_msat: z.string().max(60),
    push_msat: z.string().max(60).optional().openapi({ description: 'what the other side has at the start' }),
    private: z.boolean().default(false),
  })
  .openapi({ example: { from: 'exchange', to: 'eu', capacity_msat: '1000000000' } });
export const madeChannelSchema = z.object({
  channel: z.string(),
  from: z.string(),
  to: z.string(),
  capacity_msat: msatText,
});
export const closeBody = z.strictObject({
  force: z.boolean().default(false).openapi({ description: 'without the peer: its coins come home later' }),
});
export const closingSchema = z.object({ channel: z.string(), by: z.string(), force: z.boolean() });

/** Channels that come and go, between any two of the practice world: usable after some seconds of blocks. */
export function channelRoutes(api: Api, guarded: Guarded, world: ChannelWorld): void {
  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/channels',
      summary: 'Open a channel between two of the practice world; answers when it is funded',
      request: body(channelBody),
      responses: { 201: json(madeChannelSchema, 'Its funding transaction is out') },
    }),
    async (c) => {
      const asked = c.req.valid('json');
      const { from, to } = asked;
      const opener = find(world, 'from', from);
      const other = find(world, 'to', to);
      const [capacityMsat, pushMsat] = readAmounts(asked.capacity_msat, asked.push_msat);
      await world.befriend(from, to);
      const peer = (await other.info()).pubkey;
      await opener.connect(peer, '').catch(explain('to'));
      const order = { token: randomHex(32), peer, capacityMsat, pushMsat, private: asked.private };
      const answer = await opener.facets.open?.open(order).catch(explain('from'));
      if (answer?.kind !== 'opened') throw refused('from', answer?.detail ?? `${from} cannot open channels`);
      const { channel } = answer;
      return c.json({ channel, from, to, capacity_msat: capacityMsat.toString() }, 201);
    },
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/channels/{id}/close',
      summary: 'Close a channel of the practice world',
      request: {
        params: z.object({ id: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits') }),
        ...body(closeBody),
      },
      responses: { 202: json(closingSchema, 'The closing has begun') },
    }),
    async (c) => {
      const { force } = c.req.valid('json');
      const channel = channelId(c.req.valid('param').id);
      const by = await ownerOf(world, channel);
      const answer = await world.anybody(by).facets.close?.close({ channel, force }).catch(explain('id'));
      if (answer?.kind !== 'closing') throw refused('id', answer?.detail ?? `${by} cannot close channels`);
      return c.json({ channel, by, force }, 202);
    },
  );
}

function find(world: ChannelWorld, field: 'from' | 'to', name: string): LightningNode {
  if (!world.names.includes(name)) throw nobody(field, name, world.names);
  return world.anybody(name);
}

function readAmounts(capacity: string, push: string | undefined): [Msat, Msat] {
  const capacityMsat = amountField('capacity_msat', capacity);
  const pushMsat = push === undefined || push === '0' ? ZERO_MSAT : amountField('push_msat', push);
  if (capacityMsat % 1_000n !== 0n || capacityMsat < LEAST_CAPACITY)
    throw refused('capacity_msat', `a channel holds whole sat, and ${LEAST_CAPACITY} msat at least`);
  if (pushMsat > capacityMsat) throw refused('push_msat', 'nobody can be given more than the channel holds');
  return [capacityMsat, pushMsat];
}

/** The first of its two ends. */
async function ownerOf(world: ChannelWorld, channel: ChannelId): Promise<string> {
  for (const name of world.names) {
    const channels = await world.anybody(name).channels();
    if (channels.some((each) => each.id === channel)) return name;
  }
  throw refused('id', 'nobody here has such a channel; see `argosy practice balances`');
}

const refused = (field: string, why: string): Problem =>
  new Problem('practice_channel_refused', `${field}: ${why}.`, { field });
const explain =
  (field: string) =>
  (error: unknown): never => {
    throw refused(field, error instanceof Error ? error.message : String(error));
  };
