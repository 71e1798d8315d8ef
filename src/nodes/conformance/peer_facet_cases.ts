/** The facets `messages`, `graph`, `signing` and `watchtower`: what a node says to others, and hears of them. */
import assert from 'node:assert/strict';
import type { GraphChange, Listening, PeerMessage } from '../facets.ts';
import { channelWith, facetOf, forwarderOf, keep } from './facet.ts';
import type { Case, World } from './world.ts';

export const messageCases: readonly Case[] = [
  {
    name: 'sends a message to a peer, who hears it; and says when there is no such peer',
    async run(world) {
      const forwarder = forwarderOf(world);
      const heard = keep<Listening | ({ readonly kind: 'message' } & PeerMessage)>();
      const subscription = facetOf(forwarder, 'messages').subscribe(heard.take);
      await world.eventually('it to listen', async () => heard.items.length > 0);
      const { send } = facetOf(world.sender, 'messages');
      const sent = { peer: (await forwarder.info()).pubkey, type: 40_001, data: 'c0ffee' };
      assert.deepEqual(await send(sent), { kind: 'sent' });
      await world.eventually('the message to be heard', async () => heard.items.length > 1);
      const { pubkey } = await world.sender.info();
      assert.deepEqual(heard.items, [{ kind: 'listening' }, { kind: 'message', ...sent, peer: pubkey }]);
      const stranger = { ...sent, peer: (await world.payee.info()).pubkey };
      assert.deepEqual(await send(stranger), { kind: 'not_connected' });
      await assert.rejects(send({ ...sent, type: 32_767 }), 'a type of the protocol itself');
      await subscription.stop();
      assert.equal(await subscription.ended, null);
    },
  },
];

export const graphCases: readonly Case[] = [
  {
    name: 'reads the graph in pieces, and hears of what changes in it',
    async run(world) {
      const graph = facetOf(world.payee, 'graph');
      const heard = keep<readonly (Listening | GraphChange)[]>();
      const subscription = graph.subscribe(heard.take);
      await world.eventually('it to listen', async () => heard.items.length > 0);
      const { id, scid, capacityMsat } = await channelWith(world.sender, forwarderOf(world));
      const ends = [(await world.sender.info()).pubkey, (await forwarderOf(world).info()).pubkey];
      const all = await readAll(world);
      const found = all.find((item) => item.kind === 'channel' && item.scid === scid);
      assert(found?.kind === 'channel', 'the channel is not in the graph');
      assert.deepEqual([...found.nodes].sort(), [...ends].sort());
      assert.equal(found.capacityMsat, capacityMsat);
      for (const pubkey of ends) assert(all.some((item) => item.kind === 'node' && item.pubkey === pubkey));
      const policies = facetOf(world.sender, 'policies');
      const its = (await policies.list()).find(({ channel }) => channel === id)?.own;
      assert(its);
      const { disabled: _, ...own } = its;
      const feePpm = own.feePpm + 23;
      await policies.set(id, { ...own, feePpm });
      await world.eventually('the change to be heard', async () =>
        heard.items
          .flat()
          .some((item) => item.kind === 'policy' && item.from === ends[0] && item.policy?.feePpm === feePpm),
      );
      await policies.set(id, own);
      await subscription.stop();
    },
  },
];

async function readAll(world: World) {
  const all = [];
  for await (const piece of facetOf(world.payee, 'graph').read()) {
    assert(piece.length > 0 && piece.length <= 1_000);
    all.push(...piece);
  }
  return all;
}

export const signingCases: readonly Case[] = [
  {
    name: 'signs a message so that another node names it as the signer, and only of that message',
    async run({ sender, payee }) {
      const message = 'Grüße, 3 × café';
      const signature = await facetOf(sender, 'signing').sign(message);
      const { signerOf } = facetOf(payee, 'signing');
      const { pubkey } = await sender.info();
      assert.equal(await signerOf(message, signature), pubkey);
      assert.notEqual(await signerOf(`${message} `, signature), pubkey);
      assert.equal(await signerOf(message, 'no signature'), null);
    },
  },
];

export const watchtowerCases: readonly Case[] = [
  {
    name: 'adds a tower, lists it and lets it go',
    async run({ sender, payee }) {
      const towers = facetOf(sender, 'watchtower');
      const { pubkey } = await payee.info();
      const active = async () =>
        (await towers.list()).filter((tower) => tower.active).map((tower) => tower.pubkey);
      assert.deepEqual(await towers.remove(pubkey), { kind: 'not_found' });
      await towers.add({ pubkey, address: '127.0.0.1:9911' });
      assert((await active()).includes(pubkey));
      assert.equal((await towers.backlog()).failed, 0);
      assert.deepEqual(await towers.remove(pubkey), { kind: 'removed' });
      assert(!(await active()).includes(pubkey));
    },
  },
];
