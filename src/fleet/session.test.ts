import { afterAll, expect, it, vi } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { takeSession } from '../../test/support/session.ts';

import { type Clock, systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { nodeId } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import { insertNode, takeLease } from './store.ts';

const db = await freshDatabase();
afterAll(() => db.close());

it('takes up no stream once its lease is another process’s', async () => {
  const id = nodeId('eu');
  const pubkey = `02${'ab'.repeat(32)}` as never;
  await db.tx((tx) => insertNode(tx, { id, region: 'eu', driver: 'lnd', pubkey, network: 'regtest' }));
  const ends: ((error: Error) => void)[] = [];
  const subscribe = () => {
    const ended = Promise.withResolvers<Error | null>();
    ends.push(ended.resolve);
    return { ended: ended.promise, stop: async () => ended.resolve(null) };
  };
  const node = { subscribe } as unknown as LightningNode;
  /** Waits of the stream before it tries again: over at once. */
  let tries = 0;
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms, signal) => {
      if (ms === 5_000) return systemClock.sleep(ms, signal);
      tries++;
      await systemClock.sleep(1, signal);
    },
  };
  const own = { id, node, holder: 'one' };
  const session = await takeSession({ db, clock, log: silentLog }, own);
  ends[0]?.(new Error('LND went away'));
  await vi.waitFor(() => expect(ends.length).toBe(2));
  await db.tx(async (tx) => {
    await tx.query(`update node_session set expires_at = now() - interval '1 second'`);
    expect(await takeLease(tx, id, 'another', 60_000)).not.toBeNull();
  });
  const before = tries;
  ends[1]?.(new Error('another process drives this node now'));
  await vi.waitFor(() => expect(tries).toBeGreaterThan(before + 4));
  expect(ends.length).toBe(2);
  expect(session.owned()).toBe(false);
  await session.stop();
});
