import { expect, it } from 'vitest';
import { pendingHtlcs } from './channels.ts';
import type { LndClient } from './client.ts';
import type { Parts } from './parts.ts';

const hash = '0a'.repeat(32);
const part = (leavesMsat: bigint) => ({ hash, leavesMsat, attempt: leavesMsat.toString() });
const htlc = {
  hash_lock: Buffer.from(hash, 'hex'),
  amount: '300',
  incoming: false,
  expiration_height: 600,
  forwarding_channel: '0',
};
const amounts = async (htlcs: readonly object[], closing: readonly object[], parts: readonly object[]) => {
  const lightning = {
    listChannels: async () => ({
      channels: [{ channel_point: `${'aa'.repeat(32)}:0`, pending_htlcs: htlcs }],
    }),
    pendingChannels: async () => ({ waiting_close_channels: closing, pending_force_closing_channels: [] }),
  };
  const client = { lightning } as unknown as LndClient;
  const found = await pendingHtlcs(client, { open: () => parts } as unknown as Parts);
  return found.map(({ amountMsat }) => amountMsat).sort();
};

it('tells the HTLCs of two parts apart that differ by a millisatoshi', async () => {
  expect(await amounts([htlc, htlc], [], [part(300_000n), part(300_001n)])).toEqual([300_000n, 300_001n]);
});

it('names a part that hangs on a closing channel also while its sister hangs on an open one', async () => {
  const closing = [{ channel: { channel_point: `${'bb'.repeat(32)}:0` } }];
  expect(await amounts([htlc], closing, [part(300_000n), part(700_000n)])).toEqual([300_000n, 700_000n]);
});
