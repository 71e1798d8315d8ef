/** One balance, spent by two processes at once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Site, startSite } from '../support/site.ts';
import { eventually } from '../support/well.ts';

const SPENDS = 1_000;
const SAT = 1_000;
/** The balance suffices for so many, and a little more. */
const PAYABLE = 137;
const FUNDS_MSAT = BigInt(PAYABLE * SAT * 1_000 + 999);
const STORY_MS = 400_000;

let db: TestDatabase;
let sites: readonly Site[];
let spending = true;
beforeAll(async () => {
  db = await freshDatabase();
  const secret = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  sites = await Promise.all(['a', 'b'].map((name) => startSite({ target: db.target, name }, secret)));
});
afterAll(async () => {
  spending = false;
  await Promise.all(sites?.map((site) => site.stop()) ?? []);
  await db?.close();
});

const free = async (): Promise<bigint> =>
  (await db.read.one<{ balance_msat: bigint }>(`select balance_msat from account where id = 'customer:acme'`))
    .balance_msat;

it(
  `of ${SPENDS} spends of one balance by two processes exactly those go through that it suffices for`,
  async () => {
    const [one] = sites;
    if (one === undefined) throw new Error('nobody is there');
    await one.call('POST', '/v1/accounts', { name: 'acme' });
    const funding = await one.call<{ id: string; invoice: string }>('POST', '/v1/invoices', {
      amount_msat: FUNDS_MSAT.toString(),
      account: 'customer:acme',
    });
    await one.call('POST', '/v1/payments', { invoice: funding.body.invoice });
    await eventually('the customer has funds', async () => (await free()) === FUNDS_MSAT);

    const invoices: { readonly site: Site; readonly invoice: string }[] = [];
    for (let at = 0; at < SPENDS / sites.length; at++)
      for (const site of sites) invoices.push({ site, invoice: await site.asks(SAT) });
    let lowest = FUNDS_MSAT;
    const watching = (async () => {
      while (spending)
        lowest = await free().then(
          (now) => (now < lowest ? now : lowest),
          () => lowest,
        );
    })();
    const answers = await Promise.all(
      invoices.map(({ site, invoice }) =>
        site.call<{ id?: string; code?: string }>('POST', '/v1/payments', {
          invoice,
          account: 'customer:acme',
          fee_limit_msat: '0',
          timeout_seconds: 600,
        }),
      ),
    );
    const refused = answers.filter(({ body }) => body.code === 'insufficient_balance').length;
    const accepted = answers.filter(({ status }) => status === 202).length;
    expect(accepted + refused, JSON.stringify(answers.map(({ body }) => body.code))).toBe(SPENDS);

    await eventually(
      'all that were accepted have ended',
      async () => {
        const open = `select id from payment where state not in ('settled', 'failed') limit 1`;
        return (await db.read.query(open)).length === 0;
      },
      STORY_MS,
    );
    spending = false;
    await watching;
    const { settled, failed } = await db.read.one<{ settled: number; failed: number }>(
      `select count(*) filter (where state = 'settled')::integer as settled,
              count(*) filter (where state = 'failed')::integer as failed from payment where account_id = 'customer:acme'`,
    );
    const spent = BigInt(settled * SAT * 1_000);
    expect(lowest).toBeGreaterThanOrEqual(0n);
    expect([settled + failed, await free()]).toEqual([accepted, FUNDS_MSAT - spent]);
    const received = await Promise.all(sites.map((site) => site.received()));
    expect(received.reduce((a, b) => a + b)).toBe(spent);
    // What fails on a machine that has no time for it frees its funds for another.
    if (failed === 0) expect(settled).toBe(PAYABLE);
    expect(settled).toBeLessThanOrEqual(PAYABLE);
    expect(
      await db.read.query(`select id from account where id like '%:held' and balance_msat <> 0`),
    ).toEqual([]);
    for (const site of sites) {
      const { body } = await site.call('GET', '/v1/books/check');
      expect(body).toMatchObject({ difference_msat: '0' });
    }
  },
  STORY_MS,
);
