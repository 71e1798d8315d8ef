import type { Tower, Watchtower } from '../../facets.ts';
import { isDenied, LndError } from '../call.ts';
import type { LndClient } from '../client.ts';
import { bytes } from '../map.ts';
import type { Tower as LndTower } from '../proto/wtclient.ts';
import { pubkeyOf } from './forms.ts';

export function watchtower({ towers }: LndClient): Watchtower {
  const list = async (): Promise<readonly Tower[]> =>
    (await towers.listTowers({ include_sessions: false })).towers.map(toTower);
  return {
    list,
    async add({ pubkey, address }) {
      await towers.addTower({ pubkey: bytes(pubkey), address });
      return null;
    },
    async remove(pubkey) {
      if (!(await list()).some((tower) => tower.pubkey === pubkey)) return { kind: 'not_found' };
      try {
        await towers.removeTower({ pubkey: bytes(pubkey) });
        return { kind: 'removed' };
      } catch (error) {
        if (error instanceof LndError && /unacked updates/.test(error.message)) return { kind: 'in_use' };
        throw error;
      }
    },
    async backlog() {
      const { num_backups, num_pending_backups, num_failed_backups } = await towers.stats({});
      return { stored: num_backups, pending: num_pending_backups, failed: num_failed_backups };
    },
  };
}

const toTower = ({ pubkey, addresses, session_info }: LndTower): Tower => ({
  pubkey: pubkeyOf(pubkey),
  addresses,
  active: session_info.some((info) => info.active_session_candidate),
  sessions: session_info.reduce((sum, info) => sum + info.num_sessions, 0),
});

/** Without its option `wtclient.active` LND has no part in this; nor has a macaroon that does not let us ask. */
export const hasTowerClient = ({ towers }: LndClient): Promise<boolean> =>
  towers.stats({}).then(
    () => true,
    (error: unknown) => {
      if (isDenied(error) || (error instanceof LndError && /not active/.test(error.message))) return false;
      throw error;
    },
  );
