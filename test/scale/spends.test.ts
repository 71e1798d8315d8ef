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
const STORY_MS = 300_000;

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
      while (spending) lowest = await free().then((now) => (now < lowest ? now : lowest));
    })();
    const answers = await Promise.all(
      invoices.map(({ site, invoice }) =>
        site.call<{ id?: string; code?: string }>('POST', '/v1/payments', {
          invoice,
          account: 'customer:acme',
          fee_limit_msat: '0',
        }),
      ),
    );
    const refused = answers.filter(({ body }) => body.code === 'insufficient_balance');
    const accepted = answers.filter(({ status }) => status === 202);
    expect([accepted.length, refused.length]).toEqual([PAYABLE, SPENDS - PAYABLE]);

    const spent = BigInt(PAYABLE * SAT * 1_000);
    await eventually(
      'all that were accepted are paid',
      async () => (await Promise.all(sites.map((site) => site.received()))).reduce((a, b) => a + b) === spent,
      STORY_MS,
    );
    await eventually(
      'nothing is held',
      async () => {
        const held = `select id from account where id like '%:held' and balance_msat <> 0`;
        return (await db.read.query(held)).length === 0;
      },
      STORY_MS,
    );
    spending = false;
    await watching;
    expect(lowest).toBeGreaterThanOrEqual(0n);
    expect(await free()).toBe(FUNDS_MSAT - spent);
    const states = await db.read.query('select distinct state from payment');
    expect(states).toEqual([{ state: 'settled' }]);
    for (const site of sites) {
      const { body } = await site.call('GET', '/v1/books/check');
      expect(body).toMatchObject({ difference_msat: '0' });
    }
  },
  STORY_MS,
);
