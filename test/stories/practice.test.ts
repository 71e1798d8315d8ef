/** The main job, on real LDK nodes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type Running, startArgosy } from '../../src/main.ts';
import { steal } from '../support/theft.ts';
import { eventually } from '../support/well.ts';

let folder: string;
let argosy: Running;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'argosy-practice-'));
  const flags = { data: folder, listen: '127.0.0.1:0' };
  argosy = await startArgosy(readConfig({ file: null, env: {}, flags }), () => {});
}, 120_000);
afterAll(async () => {
  await argosy?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

interface PaymentBody {
  id: string;
  state: string;
  failure: string | null;
  amount_msat: string;
  fee_msat: string | null;
  attempts: {
    node: string;
    plan: { candidates: { node: string; fee_msat: string | null; obstacle: string | null }[] };
  }[];
}
/** Of the last attempt. */
const candidatesOf = ({ attempts }: PaymentBody) => attempts.at(-1)?.plan.candidates ?? [];
interface Books {
  difference_msat: string;
  nodes: { node: string; difference_msat: string }[];
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${argosy.api}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${argosy.key}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}
const merchantAsks = async (msat: string) =>
  (await call<{ invoice: string }>('POST', '/v1/practice/people/merchant/invoices', { amount_msat: msat }))
    .invoice;
const ended = (id: string) =>
  eventually(
    `${id} ends`,
    async () => {
      const payment = await call<PaymentBody>('GET', `/v1/payments/${id}`);
      return ['settled', 'failed'].includes(payment.state) && payment;
    },
    60_000,
  );
const books = () => call<Books>('GET', '/v1/books/check');

describe('the practice fleet', () => {
  it('pays the merchant from the cheapest able node', async () => {
    const invoice = await merchantAsks('25000000');
    const { id } = await call<PaymentBody>('POST', '/v1/payments', { invoice });
    const paid = await ended(id);
    expect(paid.state).toBe('settled');
    const able = candidatesOf(paid).filter((candidate) => candidate.obstacle === null);
    expect(able.length).toBe(3);
    const fees = able.map((candidate) => BigInt(candidate.fee_msat ?? '0'));
    expect(new Set(fees).size).toBe(3);
    expect(BigInt(paid.fee_msat ?? '-1')).toBe(fees.toSorted((a, b) => (a < b ? -1 : 1))[0]);
    expect(paid.attempts.map((attempt) => attempt.node)).toEqual([able[0]?.node]);
    expect((await books()).difference_msat).toBe('0');
  });

  it('receives at asia what the exchange pays', async () => {
    const asked = await call<{ id: string; invoice: string; node: string }>('POST', '/v1/invoices', {
      amount_msat: '5000000',
      region: 'asia',
    });
    expect(asked.node).toBe('asia');
    const paid = await call<{ state: string }>('POST', '/v1/practice/people/exchange/payments', {
      invoice: asked.invoice,
    });
    expect(paid.state).toBe('settled');
    await eventually('credited', async () => {
      const invoice = await call<{ state: string }>('GET', `/v1/invoices/${asked.id}`);
      return invoice.state === 'settled';
    });
    expect((await books()).difference_msat).toBe('0');
  });

  it('settles at least 195 of 200 concurrent payments, and balances in the middle of them', async () => {
    const invoices = await Promise.all(
      Array.from({ length: 200 }, (_, index) => merchantAsks(`${10_000_000 + index * 75_000}`)),
    );
    const asked = invoices.map((invoice) => call<PaymentBody>('POST', '/v1/payments', { invoice }));
    const during = eventually('some are under way', async () => {
      const page = await call<{ data: { state: string }[] }>('GET', '/v1/payments?limit=200');
      return page.data.some((payment) => payment.state === 'in_flight');
    }).then(books);
    const payments = await Promise.all((await Promise.all(asked)).map(({ id }) => ended(id)));
    expect((await during).difference_msat).toBe('0');
    const failed = payments.filter((payment) => payment.state === 'failed');
    expect(failed.length, JSON.stringify(failed.map(candidatesOf))).toBeLessThanOrEqual(5);
    // None failed that another own node could have paid.
    for (const payment of failed) {
      expect(candidatesOf(payment).every((candidate) => candidate.obstacle !== null)).toBe(true);
    }
    expect((await books()).difference_msat).toBe('0');
  }, 120_000);

  it('goes on to other nodes, and to several parts, when the cheapest runs dry', async () => {
    const nodes = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const { id } = await call<PaymentBody>('POST', '/v1/payments', {
        invoice: await merchantAsks('2500000000'),
      });
      const paid = await ended(id);
      expect(paid.state, JSON.stringify(paid)).toBe('settled');
      nodes.add(paid.attempts.at(-1)?.node ?? '');
    }
    expect(nodes.size).toBeGreaterThan(1);
    expect((await books()).difference_msat).toBe('0');
  }, 120_000);

  it('has no hold, part or HTLC left over', async () => {
    const { read } = argosy.system.payments.db;
    const left = await read.query(
      `select id from account where (id like '%:held' or id like '%:in_flight') and balance_msat <> 0`,
    );
    expect(left).toEqual([]);
    expect(await read.query(`select id from part where state not in ('settled', 'failed')`)).toEqual([]);
    await eventually('no HTLC hangs', async () => {
      const pending = await Promise.all(argosy.system.fleet.nodes.map((own) => own.node.pendingHtlcs()));
      return pending.flat().length === 0;
    });
  });

  it('says 1 when somebody steals 1 msat', async () => {
    const merchant = argosy.practice?.world.people.get('merchant');
    const eu = argosy.system.fleet.nodes.find((own) => own.id === 'eu');
    if (merchant === undefined || eu === undefined) throw new Error('somebody is missing');
    await steal(eu.node, merchant);
    const proof = await eventually('the theft shows', async () => {
      const found = await books();
      return found.difference_msat !== '0' && found;
    });
    expect(proof.difference_msat).toBe('1');
    expect(proof.nodes.find((node) => node.node === 'eu')?.difference_msat).toBe('-1');
  });
});
