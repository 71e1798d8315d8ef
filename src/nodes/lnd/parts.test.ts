import { afterEach, expect, it, vi } from 'vitest';
import { nodePubkey, partToken, paymentHash, shortChannelId } from '../../lightning/ids.ts';
import { fromSat } from '../../money/msat.ts';
import { type Journal, memoryJournal } from '../journal.ts';
import { openNotebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import { createParts } from './parts.ts';

afterEach(() => vi.restoreAllMocks());

const PAYEE = nodePubkey(`02${'ab'.repeat(32)}`);
const order = {
  token: partToken('01'.repeat(32)),
  paymentHash: paymentHash('02'.repeat(32)),
  route: { hops: [{ pubkey: PAYEE, scid: shortChannelId('1x1x1'), amountMsat: fromSat(5n), cltvDelta: 40 }] },
} as const;

/** LND, as far as parts ask it; its sends wait for ever. */
function fakeLnd() {
  const sends: unknown[] = [];
  const client = {
    router: {
      sendToRouteV2(request: unknown) {
        sends.push(request);
        return new Promise(() => {});
      },
    },
  };
  return { sends, client: client as unknown as LndClient };
}

it('does not send a part that took too long to be noted, and says that nothing was sent', async () => {
  let now = 1_700_000_000_000;
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  const memory = memoryJournal();
  const slow: Journal = {
    ...memory,
    write(step) {
      now += 6_000;
      return memory.write(step);
    },
  };
  const { sends, client } = fakeLnd();
  const parts = createParts(client, await openNotebook(slow), async () => 100);
  expect(await parts.send(order, {})).toMatchObject({ kind: 'refused', reason: 'timeout' });
  expect(sends).toEqual([]);
  expect(await parts.lookup(order)).toEqual({ kind: 'failed', reason: 'timeout' });
  expect(await parts.send(order, {})).toEqual({ kind: 'duplicate' });
});

it('says nothing of a part that is still being noted: it may yet be sent', async () => {
  const memory = memoryJournal();
  const gate = Promise.withResolvers<void>();
  const held: Journal = { ...memory, write: (step) => gate.promise.then(() => memory.write(step)) };
  const { sends, client } = fakeLnd();
  const none = { router: { ...client.router, trackPaymentV2: () => emptyStream() } };
  const parts = createParts(none as unknown as LndClient, await openNotebook(held), async () => 100);
  void parts.send(order, {});
  await expect(parts.lookup(order)).rejects.toThrow('not answered');
  gate.resolve();
  await expect.poll(() => sends.length).toBe(1);
  parts.stop();
});

const emptyStream = () => ({ cancel() {}, async *[Symbol.asyncIterator]() {} });
