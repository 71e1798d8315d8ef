/** `/v1/practice/map`: what is around the own nodes. Only a practice world can be looked at from outside. */
import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { json, msatText } from '../kit/shapes.ts';
import { printable } from '../lightning/text.ts';
import type { Channel, LightningNode, NodeInfo } from '../nodes/node.ts';
import { conditionSchema, conditionView } from './fault-routes.ts';
import type { Faults } from './faults.ts';
import type { PaidLately } from './paid.ts';
import type { Practice } from './people.ts';

const pubkey = z
  .string()
  .openapi({ example: '02f8884155f69e065139b3901fd285df06f71375fef8e09dbd23cb3aad202c8070' });

export const practiceMapSchema = z
  .object({
    height: z.int().openapi({ example: 118, description: 'blocks of the chain' }),
    people: z.array(
      z.object({
        name: z.string().openapi({ example: 'merchant' }),
        alias: z.string().openapi({ example: 'Corner Bakery' }),
        pubkey,
      }),
    ),
    channels: z
      .array(
        z.object({
          id: z.string(),
          scid: z.string().nullable().openapi({ example: '112x7x0' }),
          owner: pubkey,
          peer: pubkey,
          capacity_msat: msatText,
          local_msat: msatText.openapi({ description: "the owner's side" }),
          remote_msat: msatText,
          active: z.boolean(),
          private: z.boolean(),
        }),
      )
      .openapi({ description: 'each channel that a person has, once' }),
    faults: z.array(conditionSchema).openapi({ description: 'own nodes that are broken on purpose' }),
    paid: z
      .array(
        z.object({
          payer: z.string().openapi({ example: 'exchange', description: "the person's name" }),
          payment_hash: z.string(),
          routes: z.array(z.array(z.object({ pubkey, scid: z.string() }))),
        }),
      )
      .openapi({ description: 'what people have paid lately, and which way it went; newest last' }),
  })
  .openapi('PracticeMap');

interface Person {
  readonly name: string;
  readonly info: NodeInfo;
  readonly channels: readonly Channel[];
}

export function mapRoutes(
  api: Api,
  guarded: Guarded,
  { people, height }: Practice,
  faults: Faults,
  paid: PaidLately,
): void {
  const ask = asker();
  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/map',
      summary:
        'The world around the own nodes: people, their channels, what is broken, what they paid lately',
      responses: { 200: json(practiceMapSchema, 'Now') },
    }),
    async (c) => {
      const asked = await Promise.all([...people].map(([name, node]) => ask(name, node)));
      return c.json(
        {
          height: height(),
          people: asked.map(({ name, info: { alias, pubkey } }) => ({
            name,
            alias: printable(alias),
            pubkey,
          })),
          channels: channelViews(asked),
          faults: [...faults.current()].map(([node, fault]) => conditionView(node, fault)),
          paid: paid.all().map(({ payer, paymentHash, routes }) => ({
            payer,
            payment_hash: paymentHash,
            routes: routes.map(({ hops }) => hops.map(({ pubkey, scid }) => ({ pubkey, scid }))),
          })),
        },
        200,
      );
    },
  );
}

/** Who people are does not change, and is asked once: a page looks every second while money moves. */
function asker() {
  const known = new Map<string, NodeInfo>();
  return async (name: string, node: LightningNode): Promise<Person> => {
    const [info, channels] = await Promise.all([known.get(name) ?? node.info(), node.channels()]);
    known.set(name, info);
    return { name, info, channels };
  };
}

/** A channel between two people is told by both: who comes first owns it here. */
function channelViews(people: readonly Person[]) {
  const all = people.flatMap(({ info, channels }) =>
    channels.map((channel) => [channel.id, { owner: info.pubkey, channel }] as const),
  );
  return [...new Map(all.reverse()).values()].reverse().map(({ owner, channel }) => ({
    id: channel.id,
    scid: channel.scid,
    owner,
    peer: channel.peer,
    capacity_msat: channel.capacityMsat.toString(),
    local_msat: channel.localMsat.toString(),
    remote_msat: channel.remoteMsat.toString(),
    active: channel.active,
    private: channel.private,
  }));
}
