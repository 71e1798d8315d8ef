import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBolt11, encodeBolt11, signWith } from '../../src/lightning/bolt11.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
const invoices: Record<string, string> = {};

beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('bad input'));
  const merchant = fleet.network.open('merchant');
  const fixed = await merchant.invoice({ amountMsat: fromSat(1_000n), description: '', expirySeconds: 3600 });
  const open = await merchant.invoice({ amountMsat: null, description: '', expirySeconds: 3600 });
  const paid = await merchant.invoice({ amountMsat: fromSat(10n), description: '', expirySeconds: 3600 });
  const own = await fleet.call<{ invoice: string }>('POST', '/v1/invoices', { amount_msat: '5000' });
  const decoded = decodeBolt11(fixed.bolt11);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  const sign = signWith(new Uint8Array(32).fill(7));
  const { payee: _, ...fields } = decoded.invoice;
  Object.assign(invoices, {
    fixed: fixed.bolt11,
    open: open.bolt11,
    paid: paid.bolt11,
    own: own.body.invoice,
    checksum: `${fixed.bolt11.slice(0, -1)}${fixed.bolt11.endsWith('q') ? 'p' : 'q'}`,
    mainnet: encodeBolt11({ ...fields, network: 'bitcoin' }, sign),
    expired: encodeBolt11({ ...fields, timestamp: fields.timestamp - 90_000 }, sign),
    huge: encodeBolt11({ ...fields, amountMsat: fromSat(2_000_000_000_000n) }, sign),
  });
  const payment = await fleet.call('POST', '/v1/payments', { invoice: paid.bolt11 });
  await settled(fleet, String(payment.body.id));
  await eventually('everything is done', async () => (await footprint()).effects === 0n);
});
afterAll(() => fleet.stop());

/** Everything that a refused request must not touch. */
const footprint = async () =>
  fleet.db.read.one<Record<string, unknown>>(
    `select (select count(*) from obligation) as obligations, (select count(*) from payment) as payments,
            (select count(*) from hash_claim) as claims, (select count(*) from invoice) as invoices,
            (select count(*) from transfer) as transfers, (select count(*) from idempotency) as keys,
            (select count(*) from effect where kind <> 'invoice.check') as effects,
            (select string_agg(id || balance_msat, ',' order by id) from account) as balances`,
  );

const pay = (invoice: string, more: Record<string, unknown> = {}) =>
  [`/v1/payments`, { invoice: invoices[invoice] ?? invoice, ...more }] as const;
const bill = (body: Record<string, unknown>) => ['/v1/invoices', body] as const;

const CASES: readonly (readonly [
  what: string,
  request: () => readonly [string, unknown],
  code: string,
  field: string | undefined,
])[] = [
  ['text that is no invoice', () => pay('hello'), 'invoice_malformed', 'invoice'],
  ['a broken checksum', () => pay('checksum'), 'invoice_checksum', 'invoice'],
  ['another network', () => pay('mainnet'), 'invoice_wrong_network', 'invoice'],
  ['an expired invoice', () => pay('expired'), 'invoice_expired', 'invoice'],
  ['an invoice that is paid', () => pay('paid'), 'invoice_already_paid', 'invoice'],
  ['an invoice of our own', () => pay('own'), 'invoice_own', 'invoice'],
  ['an open amount without one', () => pay('open'), 'amount_missing', 'amount_msat'],
  ['another amount than asked', () => pay('fixed', { amount_msat: '1' }), 'amount_mismatch', 'amount_msat'],
  ['more than there is', () => pay('huge'), 'insufficient_balance', 'amount_msat'],
  ['a negative amount', () => pay('open', { amount_msat: '-5' }), 'amount_negative', 'amount_msat'],
  ['a fractional amount', () => pay('open', { amount_msat: '1.5' }), 'amount_fractional', 'amount_msat'],
  ['an amount of zero', () => pay('open', { amount_msat: '0' }), 'amount_zero', 'amount_msat'],
  [
    'an overflowing amount',
    () => pay('open', { amount_msat: '9'.repeat(30) }),
    'amount_overflow',
    'amount_msat',
  ],
  ['an amount in words', () => pay('open', { amount_msat: 'ten' }), 'amount_not_numeric', 'amount_msat'],
  ['an amount in hex', () => pay('open', { amount_msat: '0x10' }), 'amount_not_numeric', 'amount_msat'],
  ['an amount as a number', () => pay('open', { amount_msat: 5 }), 'request_invalid', 'amount_msat'],
  ['a negative fee limit', () => pay('fixed', { fee_limit_msat: '-1' }), 'amount_negative', 'fee_limit_msat'],
  ['an unknown account', () => pay('fixed', { account: 'customer:nobody' }), 'account_unknown', 'account'],
  ['an unknown region', () => pay('fixed', { region: 'mars' }), 'region_unknown', 'region'],
  ['an unknown region to receive in', () => bill({ region: 'mars' }), 'region_unknown', 'region'],
  ['an unknown field', () => pay('fixed', { amout: '1' }), 'request_invalid', 'amout'],
  ['a body without an invoice', () => ['/v1/payments', {}], 'request_invalid', 'invoice'],
  [
    'control characters',
    () => bill({ description: 'a\u0007b' }),
    'description_control_characters',
    'description',
  ],
  ['bidi characters', () => bill({ description: 'a\u202eb' }), 'description_bidi_characters', 'description'],
  ['a long description', () => bill({ description: 'ü'.repeat(400) }), 'description_too_long', 'description'],
  ['half a character', () => bill({ description: '\ud800' }), 'description_malformed', 'description'],
  ['an expiry of zero', () => bill({ expiry_seconds: 0 }), 'expiry_invalid', 'expiry_seconds'],
  ['a zero invoice', () => bill({ amount_msat: '0' }), 'amount_zero', 'amount_msat'],
  [
    'an invoice beyond all liquidity',
    () => bill({ amount_msat: '2100000000000000000' }),
    'no_receiver',
    'amount_msat',
  ],
  ['a strange account name', () => ['/v1/accounts', { name: 'A b' }], 'account_name_invalid', 'name'],
];

describe('bad input', () => {
  it.each(CASES)(
    '%s is refused, names its field and the way out, and changes nothing',
    async (_, request, code, field) => {
      const before = await footprint();
      const [path, body] = request();
      const answer = await fleet.call('POST', path, body);
      expect(answer.body).toMatchObject({ code, ...(field === undefined ? {} : { field }) });
      expect(answer.status).toBe(answer.body.status);
      expect(String(answer.body.detail)).toMatch(new RegExp(`^${field}: .+[.]$`));
      expect(await footprint()).toEqual(before);
    },
  );

  it('a missing Idempotency-Key is refused by name', async () => {
    const response = await fleet.system.api.request('/v1/payments', {
      method: 'POST',
      headers: { authorization: fleet.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ invoice: invoices.fixed }),
    });
    expect(await response.json()).toMatchObject({
      code: 'idempotency_key_missing',
      field: 'Idempotency-Key',
    });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('a body that is not declared as JSON is refused, not left out', async () => {
    for (const contentType of ['application/x-www-form-urlencoded', 'text/plain', '']) {
      const response = await fleet.system.api.request('/v1/invoices', {
        method: 'POST',
        headers: { authorization: fleet.authorization, 'content-type': contentType },
        body: JSON.stringify({ amount_msat: '5000' }),
      });
      expect(await response.json()).toMatchObject({ code: 'request_invalid', field: 'Content-Type' });
    }
  });

  it('broken JSON is refused as a problem', async () => {
    const response = await fleet.system.api.request('/v1/quotes', {
      method: 'POST',
      headers: { authorization: fleet.authorization, 'content-type': 'application/json' },
      body: '{',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'request_invalid' });
  });

  it('a missing, a wrong and a weak key are told apart', async () => {
    const { hash, weak } = await weakKey();
    await fleet.db.tx((tx) =>
      tx.query(
        `insert into api_key (id, principal_id, secret_hash, permissions) select 'key_weak', id, $1, '{nodes:read}' from principal limit 1`,
        [hash],
      ),
    );
    const ask = async (authorization?: string) =>
      (await (
        await fleet.system.api.request('/v1/balance', {
          headers: authorization === undefined ? {} : { authorization },
        })
      ).json()) as { code: string };
    expect((await ask()).code).toBe('unauthenticated');
    expect((await ask(`Bearer argosy_${'0'.repeat(48)}`)).code).toBe('unauthenticated');
    expect((await ask(`Bearer ${weak}`)).code).toBe('forbidden');
  });

  it('a path that does not exist and a cursor that was made up are refused', async () => {
    expect((await fleet.call('GET', '/v1/nothing')).body.code).toBe('not_found');
    expect((await fleet.call('GET', '/v1/payments/pay_nothing')).body.code).toBe('not_found');
    expect((await fleet.call('GET', '/v1/payments/pay%00')).body.code).toBe('request_invalid');
    expect((await fleet.call('GET', '/v1/payments?cursor=abc')).body.code).toBe('cursor_invalid');
    expect((await fleet.call('GET', '/v1/payments?limit=0')).body.code).toBe('request_invalid');
  });

  it('leaves everything well', () => expectAllWell(fleet));
});

async function weakKey() {
  const { createHash } = await import('node:crypto');
  const weak = `argosy_${'a'.repeat(48)}`;
  return { weak, hash: createHash('sha256').update(weak).digest('hex') };
}
