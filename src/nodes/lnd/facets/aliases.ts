import { type ChannelId, type ShortChannelId, scidToNumber } from '../../../lightning/ids.ts';
import type { Aliases } from '../../facets.ts';
import type { LndClient } from '../client.ts';
import { chanId } from '../map.ts';
import type { Channel } from '../proto/lightning.ts';

/** Blocks that are used for aliases alone. Source: BOLT 2, `option_scid_alias`. */
const FIRST_BLOCK = 16_000_000n;
const AFTER_BLOCK = 16_250_000n;

export function aliases({ lightning, router }: LndClient): Aliases {
  async function channelsWith(
    alias: ShortChannelId,
    id: ChannelId,
  ): Promise<{ channel: Channel | undefined; owner: Channel | undefined }> {
    const { channels } = await lightning.listChannels({});
    return {
      channel: channels.find(({ channel_point }) => channel_point === id),
      owner: channels.find(({ alias_scids }) => alias_scids.includes(chanId(alias))),
    };
  }
  const mapping = ({ chan_id }: Channel, alias: ShortChannelId) => ({
    alias_maps: [{ base_scid: chan_id, aliases: [chanId(alias)] }],
  });

  return {
    async add(id, alias) {
      const block = scidToNumber(alias) >> 40n;
      if (block < FIRST_BLOCK || block >= AFTER_BLOCK)
        throw new TypeError(`${alias} is no alias: its block is not from 16000000 to 16249999`);
      const { channel, owner } = await channelsWith(alias, id);
      if (channel === undefined) return { kind: 'no_channel' };
      if (owner !== undefined) return { kind: owner === channel ? 'added' : 'taken' };
      await router.xAddLocalChanAliases(mapping(channel, alias));
      return { kind: 'added' };
    },
    async remove(id, alias) {
      const { channel, owner } = await channelsWith(alias, id);
      if (channel === undefined) return { kind: 'no_channel' };
      // LND would take it from another channel.
      if (owner !== channel) return { kind: 'not_found' };
      await router.xDeleteLocalChanAliases(mapping(channel, alias));
      return { kind: 'removed' };
    },
  };
}
