/** The client against a fleet of simulated nodes, over real HTTP, and by a way that loses answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRelay, type Relay } from '../../test/support/relay.ts';
import { type ServedFleet, startServedFleet } from '../../test/support/served-fleet.ts';
import { eventually } from '../../test/support/well.ts';
import { type Argosy, ArgosyProblem, createArgosy, msat, OutcomeUnknown, sat } from './index.ts';

let fleet: ServedFleet;
let relay: Relay;
/** Straight to the server, and by the relay. */
let argosy: Argosy;
let far: Argosy;
beforeAll(async () => {
  fleet = await startServedFleet('sdk');
  relay = await openRelay(fleet.api);
  argosy = createArgosy({ api: fleet.api, key: fleet.key });
  far = createArgosy({ api: relay.api, key: fleet.key });
});
afterAll(async () => {
  await relay.stop();
  await fleet.stop();
});

const merchantAsks = async (amount: bigint): Promise<string> =>
  (await argosy.practice.invoiceAs('merchant', { amount_msat: amount })).invoice;
const merchantHolds = async (): Promise<bigint> =>
  (await fleet.network.open('merchant').balances()).channelsMsat;
/** The error that a call ends with. */
const refused = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error,
  );

describe('paying', () => {
  it('takes six lines', async () => {
    const client = createArgosy({ api: fleet.api, key: fleet.key });
    const { invoice } = await client.practice.invoiceAs('merchant', { amount_msat: sat(25_000n) });
    const { payable, plan } = await client.quote({ invoice });
    const payment = await client.payAndWait({ invoice }, { idempotencyKey: 'order-1042' });
    expect([payable, plan.chosen, payment.state]).toEqual([true, 'eu', 'settled']);
    expect(msat(payment.amount_msat)).toBe(25_000_000n);
    expect(await client.payment(payment.id)).toMatchObject({ id: payment.id, invoice });
  });

  it('shows at the payee what it shows here', async () => {
    const { invoice, payment_hash } = await argosy.practice.invoiceAs('merchant', { amount_msat: sat(102n) });
    const look = () => argosy.practice.invoiceOf('merchant', payment_hash);
    expect(await look()).toEqual({ state: 'pending', received_msat: null });
    await argosy.payAndWait({ invoice });
    expect(await look()).toEqual({ state: 'settled', received_msat: '102000' });
    const code = async (name: string, hash: string) =>
      ((await refused(argosy.practice.invoiceOf(name, hash))) as ArgosyProblem).code;
    expect(await code('merchant', '00'.repeat(32))).toBe('not_found');
    expect(await code('merchant', 'abc')).toBe('request_invalid');
    expect(await code('nobody', payment_hash)).toBe('practice_person_unknown');
  });

  it('under the key of a request whose answer was lost pays once, and tells that payment', async () => {
    const before = await merchantHolds();
    const invoice = await merchantAsks(sat(100n));
    relay.loseAnswers(1);
    const ended = relay.ended();
    const paid = await far.payAndWait({ invoice });
    expect(relay.ended()).toBe(ended + 1);
    expect(paid.state).toBe('settled');
    expect(await merchantHolds()).toBe(before + sat(100n));
    const all = await Array.fromAsync(argosy.payments());
    expect(all.filter((each) => each.invoice === invoice)).toHaveLength(1);
  });

  it('ends as unknown under its key when every answer is lost; the same call with that key tells the end', async () => {
    const hasty = createArgosy({ api: relay.api, key: fleet.key, retries: 1 });
    const before = await merchantHolds();
    const invoice = await merchantAsks(sat(101n));
    relay.loseAnswers(2);
    const error = await refused(hasty.pay({ invoice }));
    expect(error).toBeInstanceOf(OutcomeUnknown);
    const { idempotencyKey, message } = error as OutcomeUnknown;
    expect(message).toContain(`${idempotencyKey}, never with a new one`);
    const paid = await hasty.payAndWait({ invoice }, { idempotencyKey: idempotencyKey ?? '' });
    expect(paid.state).toBe('settled');
    expect(await merchantHolds()).toBe(before + sat(101n));
  });

  it('is waited for through lost streams and lost answers', async () => {
    const invoice = await merchantAsks(sat(102n));
    const { id } = await far.pay({ invoice });
    relay.loseAnswers(3);
    expect(await far.waitForPayment(id)).toMatchObject({ id, state: 'settled' });
    const internal = await far.invoice({ amount_msat: sat(103n) });
    const before = relay.said().length;
    const waiting = far.waitForInvoice(internal.id);
    await eventually('it listens', async () => relay.said().slice(before).includes('text/event-stream'));
    relay.cut();
    expect(await argosy.practice.payAs('exchange', { invoice: internal.invoice })).toMatchObject({
      state: 'settled',
      amount_msat: '103000',
    });
    expect(await waiting).toMatchObject({ state: 'settled', received_msat: '103000' });
  });

  it('that does not end while it is waited for is unknown, and names the payment', async () => {
    const { id } = await argosy.pay({ invoice: await merchantAsks(sat(104n)) });
    const error = await refused(argosy.waitForPayment(id, { timeoutMs: 0 }));
    expect(error).toMatchObject({ name: 'OutcomeUnknown', paymentId: id });
    expect(await argosy.waitForPayment(id)).toMatchObject({ state: 'settled' });
  });

  it('returns a payment that has failed, which is an answer and no error', async () => {
    const invoice = await merchantAsks(sat(5_000_000n));
    const failed = await argosy.payAndWait({ invoice, fee_limit_msat: 0n, timeout_seconds: 2 });
    expect(failed).toMatchObject({ state: 'failed', preimage: null });
  });
});

describe('a refusal', () => {
  it('is a problem with its code, its field and its document', async () => {
    const error = await refused(argosy.pay({ invoice: 'hello' }));
    expect(error).toBeInstanceOf(ArgosyProblem);
    expect(error).toMatchObject({
      code: 'invoice_malformed',
      status: 400,
      field: 'invoice',
      retryable: false,
      acted: true,
      document: { type: '/v1/problems/invoice_malformed' },
    });
    expect((error as ArgosyProblem).detail).toContain('ask the payee');
  });

  it('names the payment that has paid the invoice', async () => {
    const invoice = await merchantAsks(sat(105n));
    const { id } = await argosy.payAndWait({ invoice });
    const error = await refused(argosy.pay({ invoice }));
    expect(error).toMatchObject({ code: 'invoice_already_paid', document: { payment: id } });
  });

  it('of a wait is told at once where looking again cannot help', async () => {
    const stranger = createArgosy({ api: fleet.api, key: 'argosy_nobody' });
    expect(await refused(argosy.waitForPayment('pay_0'))).toMatchObject({ code: 'not_found' });
    expect(await refused(stranger.waitForInvoice('inv_0'))).toMatchObject({ code: 'unauthenticated' });
    expect(await refused(stranger.events().next())).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('the lists', () => {
  it('give each item once, however small the pages, and page by page to those who keep the cursor', async () => {
    for (let i = 0; i < 5; i++) await argosy.invoice({ description: `number ${i}` });
    const all = await Array.fromAsync(argosy.invoices());
    const small = await Array.fromAsync(argosy.invoices({ limit: 2 }));
    expect(all.length).toBeGreaterThan(5);
    expect(small.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(new Set(small.map(({ id }) => id)).size).toBe(small.length);
    const { data, next_cursor } = await argosy.invoices({ limit: 2 }).page();
    expect(data).toEqual(all.slice(0, 2));
    const rest = await Array.fromAsync(argosy.invoices({ cursor: next_cursor ?? '' }));
    expect(rest.map(({ id }) => id)).toEqual(all.slice(2).map(({ id }) => id));
  });
});

describe('the fleet', () => {
  it('is told by nodes, balance, health, accounts and people', async () => {
    expect((await argosy.nodes()).map(({ id }) => id)).toEqual(['us', 'eu', 'asia']);
    expect(msat((await argosy.balance()).spendable_msat)).toBeGreaterThan(0n);
    expect(await argosy.health()).toMatchObject({ status: 'ok' });
    expect(await argosy.openAccount('acme')).toMatchObject({ id: 'customer:acme', custodial: true });
    expect(await refused(argosy.openAccount('acme'))).toMatchObject({ code: 'account_exists' });
    expect((await argosy.accounts()).map(({ id }) => id)).toContain('customer:acme');
    expect((await argosy.practice.people()).data.map(({ name }) => name)).toContain('merchant');
    expect((await argosy.practice.mine(2)).height).toBeGreaterThan(100);
  });

  it('is left well: the books balance, nothing is held and nothing in flight', async () => {
    const books = await argosy.checkBooks();
    expect(books.difference_msat).toBe('0');
    expect(books.nodes.map(({ reported }) => reported.in_flight_msat)).toEqual(['0', '0', '0']);
    const held = (await argosy.accounts()).map(({ held_msat }) => held_msat);
    expect(new Set(held)).toEqual(new Set(['0']));
  });
});
