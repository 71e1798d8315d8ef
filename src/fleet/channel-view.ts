/** A channel as the API shows it; amounts are decimal strings of msat. */
import type { Channel } from '../nodes/node.ts';

export const channelView = (channel: Channel) => ({
  id: channel.id,
  peer: channel.peer,
  capacity_msat: channel.capacityMsat.toString(),
  local_msat: channel.localMsat.toString(),
  remote_msat: channel.remoteMsat.toString(),
  spendable_msat: channel.spendableMsat.toString(),
  receivable_msat: channel.receivableMsat.toString(),
  active: channel.active,
  private: channel.private,
});
