import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import { channelView } from '../fleet/channel-view.ts';
import type { Clock } from '../kit/clock.ts';
import type { Api } from '../kit/http.ts';
import { json, msatText } from '../kit/shapes.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import { printable } from '../lightning/text.ts';
import { type Holder, readHolders } from './balances.ts';
import type { Practice } from './people.ts';

const heldChannelSchema = z.object({
  id: z.string(),
  peer: z.string(),
  peer_name: z.string().openapi({ description: 'its name in this world, else its alias' }),
  capacity_msat: msatText,
  local_msat: msatText.openapi({ description: "the holder's own side" }),
  remote_msat: msatText,
  spendable_msat: msatText,
  receivable_msat: msatText,
  active: z.boolean(),
  private: z.boolean(),
});

const holderSchema = z.object({
  name: z.string().openapi({ example: 'eu' }),
  own: z.boolean().openapi({ description: 'an own node; else one of the people' }),
  answers: z.boolean().openapi({ description: 'false: nothing is known of what it has' }),
  pubkey: z.string().nullable(),
  onchain_msat: msatText.nullable(),
  channels: z.array(heldChannelSchema),
});

export const holdersSchema = z.object({ data: z.array(holderSchema), height: z.int() });

/** The route that shows who has what, from all sides: what a real network tells nobody. */
export function balanceRoutes(api: Api, guarded: Guarded, clock: Clock, practice: Practice): void {
  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/balances',
      summary: 'What everybody in the practice world has, own nodes and people: channels and coins',
      responses: { 200: json(holdersSchema, 'Everybody') },
    }),
    async (c) => {
      const holders = await readHolders(practice, clock);
      const names = new Map(
        holders.flatMap(({ name, holds }) => (holds === null ? [] : [[holds.pubkey, name] as const])),
      );
      return c.json({ data: holders.map((each) => view(each, names)), height: practice.height() }, 200);
    },
  );
}

type Names = ReadonlyMap<NodePubkey, string>;

const view = ({ name, own, holds }: Holder, names: Names): z.infer<typeof holderSchema> => ({
  name,
  own,
  answers: holds !== null,
  pubkey: holds?.pubkey ?? null,
  onchain_msat: holds === null ? null : holds.onchainMsat.toString(),
  channels: (holds?.channels ?? []).map((channel) => ({
    ...channelView(channel),
    peer_name: names.get(channel.peer) ?? printable(channel.peerAlias),
  })),
});
