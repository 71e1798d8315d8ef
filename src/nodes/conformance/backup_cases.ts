/** The facet `backups`. */
import assert from 'node:assert/strict';
import { ZERO_MSAT } from '../../money/msat.ts';
import type { ChannelBackup } from '../facets.ts';
import { facetOf, forwarderOf, keep, openWith } from './facet.ts';
import { sat } from './payment.ts';
import type { Case } from './world.ts';

export const backupCases: readonly Case[] = [
  {
    name: 'backs up every channel, and a new one as soon as it is there',
    async run(world) {
      const { sender } = world;
      const backups = facetOf(sender, 'backups');
      const newest = keep<ChannelBackup>();
      const subscription = backups.subscribe(newest.take);
      await world.eventually('the first backup', async () => newest.items.length > 0);
      for (const { id } of await sender.channels()) assert(newest.items.at(-1)?.channels.includes(id));
      const peer = (await forwarderOf(world).info()).pubkey;
      const order = { peer, capacityMsat: sat(100_000), pushMsat: ZERO_MSAT, private: true };
      const id = await openWith(sender, order);
      await world.eventually('a backup of the new channel', async () =>
        Boolean(newest.items.at(-1)?.channels.includes(id)),
      );
      const read = await backups.read();
      assert(read.channels.includes(id) && read.data.length > 0);
      await world.eventually('the channel to be active', async () =>
        (await sender.channels()).some((channel) => channel.id === id && channel.active),
      );
      await subscription.stop();
    },
  },
];
