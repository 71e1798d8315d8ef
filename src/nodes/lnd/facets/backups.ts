import type { Backups, ChannelBackup } from '../../facets.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import type { ChanBackupSnapshot } from '../proto/lightning.ts';
import { channelIdOf } from './forms.ts';

export function backups({ lightning }: LndClient): Backups {
  const read = async (): Promise<ChannelBackup> => toBackup(await lightning.exportAllChannelBackups({}));
  return {
    read,
    subscribe: (deliver) =>
      follow({
        open: () => lightning.subscribeChannelBackups({}),
        up: async () => deliver(await read()),
        message: (snapshot) => deliver(toBackup(snapshot)),
      }),
  };
}

function toBackup({ multi_chan_backup }: ChanBackupSnapshot): ChannelBackup {
  if (multi_chan_backup === null) throw new Error('LND gave a backup without what it is for');
  const { chan_points, multi_chan_backup: data } = multi_chan_backup;
  return { channels: chan_points.map(channelIdOf), data: data.toString('base64') };
}
