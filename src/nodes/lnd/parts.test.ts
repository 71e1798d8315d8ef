import { status } from '@grpc/grpc-js';
import { expect, it, vi } from 'vitest';
import { nodePubkey, partToken, paymentHash, scidFromNumber } from '../../lightning/ids.ts';
import { msat } from '../../money/msat.ts';
import { type Journal, memoryJournal } from '../journal.ts';
import { openNotebook } from '../notebook.ts';
import { LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { createParts, type Delivery } from './parts.ts';

const refused = (code: status) =>
  new LndError('SendToRouteV2', { code, details: 'refused', message: 'refused' } as never);
const token = partToken('0a'.repeat(32));
const hash = paymentHash('0b'.repeat(32));
const order: Delivery = {
  token,
  paymentHash: hash,
  expiresAt: Date.now() + 60_000,
  route: {
    hops: [
      {
        pubkey: nodePubkey(`02${'0c'.repeat(32)}`),
        scid: scidFromNumber(1n),
        amountMsat: msat(1_000n),
        cltvDelta: 40,
      },
    ],
  },
};

/** An LND that knows no payment, and counts what it is asked. */
function lnd(payments: () => readonly object[] = () => []) {
  const sends: PromiseWithResolvers<never>[] = [];
  const tracked = { count: 0 };
  const router = {
    sendToRouteV2() {
      const send = Promise.withResolvers<never>();
      sends.push(send);
      return send.promise;
    },
    async *trackPaymentV2() {
      tracked.count++;
      const [payment] = payments();
      if (payment === undefined) throw refused(status.NOT_FOUND);
      yield payment;
    },
  };
  return { sends, tracked, client: { router } as unknown as LndClient };
}

it('has nothing to say of a part as long as its send has not left', async () => {
  const { client, sends } = lnd();
  const height = Promise.withResolvers<number>();
  const parts = createParts(client, await openNotebook(memoryJournal()), () => height.promise);
  const sending = parts.send(order, {});
  await expect(parts.lookup(order)).rejects.toThrow('has not answered');
  height.resolve(100);
  await vi.waitFor(() => expect(sends.length).toBe(1));
  sends[0]?.reject(refused(status.UNKNOWN));
  expect(await sending).toMatchObject({ kind: 'refused' });
});

it('sends nothing once another process has taken the journal, however far the send had come', async () => {
  const { client, sends } = lnd();
  const journal = memoryJournal();
  const book = await openNotebook(journal);
  const height = Promise.withResolvers<number>();
  const parts = createParts(client, book, () => height.promise);
  const sending = parts.send(order, {});
  await book.written();
  await openNotebook(journal);
  await book.note({ facts: [['other', 1]] }).catch(() => undefined);
  height.resolve(100);
  await expect(sending).rejects.toThrow('stopped');
  expect(sends.length).toBe(0);
});

it('survives a refusal that it cannot note any more', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const { client, sends } = lnd();
  const book = await openNotebook(memoryJournal());
  const parts = createParts(client, book, async () => 100);
  const sending = parts.send(order, {});
  await vi.waitFor(() => expect(sends.length).toBe(1));
  await book.close(new Error('another process drives this node now'));
  sends[0]?.reject(refused(status.UNKNOWN));
  await expect(sending).rejects.toThrow('another process');
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
});

it('asks ever more seldom for a part that a payment which is over does not have', async () => {
  vi.useFakeTimers();
  const { client, sends, tracked } = lnd(() => [{ htlcs: [], status: 'SUCCEEDED' }]);
  const parts = createParts(client, await openNotebook(memoryJournal()), async () => 100);
  const sending = parts.send(order, {});
  await vi.waitFor(() => expect(sends.length).toBe(1));
  sends[0]?.reject(refused(status.UNAVAILABLE));
  await expect(sending).rejects.toThrow('no answer');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tracked.count).toBeLessThan(30);
  parts.stop();
  vi.useRealTimers();
});

it('does not send a part that took too long to be noted, and says that nothing was sent', async () => {
  let now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now);
  const memory = memoryJournal();
  const slow: Journal = {
    ...memory,
    write(step) {
      now += 6_000;
      return memory.write(step);
    },
  };
  const { client, sends } = lnd();
  const parts = createParts(client, await openNotebook(slow), async () => 100);
  expect(await parts.send(order, {})).toMatchObject({ kind: 'refused', reason: 'timeout' });
  expect(sends.length).toBe(0);
  expect(await parts.lookup(order)).toEqual({ kind: 'failed', reason: 'timeout' });
  expect(await parts.send(order, {})).toEqual({ kind: 'duplicate' });
  clock.mockRestore();
});
