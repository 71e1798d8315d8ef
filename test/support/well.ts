/** How every story ends: the books balance, no hold leaks, no HTLC is stuck. */
import { expect } from 'vitest';
import type { MemoryFleet } from './memory-fleet.ts';

export interface PaymentBody {
  readonly id: string;
  readonly state: string;
  readonly failure: string | null;
  readonly fee_msat: string | null;
  readonly amount_msat: string;
  readonly attempts: readonly {
    readonly attempt: number;
    readonly node: string;
    readonly parts: readonly { readonly state: string; readonly failure: string | null }[];
  }[];
  readonly transfers?: readonly { readonly reason: string }[];
}

export const payment = async (fleet: MemoryFleet, id: string): Promise<PaymentBody> =>
  (await fleet.call<PaymentBody>('GET', `/v1/payments/${id}`)).body;

/** Waits until `ready` gives something, at most 20 s. */
export async function eventually<T>(
  what: string,
  ready: () => Promise<T | null | false>,
  ms = 20_000,
): Promise<T> {
  const end = Date.now() + ms;
  let pause = 10;
  for (;;) {
    const found = await ready();
    if (found !== null && found !== false) return found;
    pause = Math.min(pause * 2, 500); // many may wait at once
    if (Date.now() > end) throw new Error(`did not happen in ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The payment once it has ended. */
export const settled = (fleet: MemoryFleet, id: string): Promise<PaymentBody> =>
  eventually(`${id} ends`, async () => {
    const body = await payment(fleet, id);
    return (body.state === 'settled' || body.state === 'failed') && body;
  });

export async function expectAllWell(fleet: MemoryFleet): Promise<void> {
  const books = await fleet.call<{ difference_msat: string }>('GET', '/v1/books/check');
  expect(books.body).toMatchObject({ difference_msat: '0' });
  const { read } = fleet.db;
  expect(
    await read.query(`select id, balance_msat from account where id like '%:held' and balance_msat <> 0`),
  ).toEqual([]);
  expect(
    await read.query(
      `select id, balance_msat from account where id like 'node:%:in_flight' and balance_msat <> 0`,
    ),
  ).toEqual([]);
  expect(await read.query(`select id from part where state not in ('settled', 'failed')`)).toEqual([]);
  const trial = await read.one<{ total: bigint }>(
    `select coalesce(sum(case when kind in ('asset', 'expense') then balance_msat else -balance_msat end), 0)::bigint
     as total from account`,
  );
  expect(trial.total).toBe(0n);
  for (const own of fleet.system.fleet.nodes) expect(await own.node.pendingHtlcs()).toEqual([]);
}
