/** The commands as processes, over HTTP, at a fleet of simulated nodes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, type Ran, runCli, spawnCli } from '../../test/support/cli.ts';
import { type ServedFleet, startServedFleet } from '../../test/support/served-fleet.ts';
import { createArgosy } from '../sdk/index.ts';

let fleet: ServedFleet;
beforeAll(async () => {
  fleet = await startServedFleet('cli');
});
afterAll(() => fleet.stop());

const argosy = (...args: string[]): Promise<Ran> => runCli(['--data', fleet.folder, ...args]);
const json = async <T = Record<string, unknown>>(...args: string[]): Promise<T> => {
  const ran = await argosy(...args, '--json');
  expect(ran.stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(ran.stdout) as T;
};
const merchantAsks = async (sat: string): Promise<string> => {
  const { invoice } = await json<{ invoice: string }>('practice', 'invoice', '--as', 'merchant', sat);
  return invoice;
};

describe('paying', () => {
  it('pays once: the result to stdout, progress and the idempotency key to stderr', async () => {
    const ran = await argosy('pay', await merchantAsks('25000'), '--idempotency-key', 'order-1');
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^✓ settled {2}25,000 sat, fee 0 sat, .* pay_/);
    expect(ran.stdout).toMatch(/eu +→ +merchant +25,000/);
    expect(ran.stderr).toContain('order-1');
    expect(ran.stderr).toContain('25,000 sat from eu  ✓ settled');
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('\u001b');
  });

  it('under the same key pays no second time, and tells the same', async () => {
    const invoice = await merchantAsks('100');
    const first = await json('pay', invoice, '--idempotency-key', 'order-2');
    const second = await json('pay', invoice, '--idempotency-key', 'order-2');
    expect(first).toMatchObject({ state: 'settled', amount_msat: '100000' });
    expect(second).toEqual(first);
  });

  it('under a new key is told which payment has paid it, and exits with 1', async () => {
    const invoice = await merchantAsks('100');
    const paid = await json<{ id: string }>('pay', invoice);
    const again = await argosy('pay', invoice);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('error: The invoice has been paid already');
    expect(again.stderr).toContain('code: invoice_already_paid');
    expect(again.stderr.trim().split('\n').at(-1)).toMatch(
      new RegExp(`try: npx argosy --data .* payment ${paid.id}$`),
    );
  });

  it('prints the plan under --dry-run and pays nothing', async () => {
    const invoice = await merchantAsks('300');
    const plan = await json('pay', invoice, '--dry-run');
    expect(plan).toMatchObject({ payable: true, amount_msat: '300000', plan: { chosen: 'eu' } });
    expect(await json('quote', invoice)).toMatchObject({ payable: true });
    expect((await argosy('quote', invoice)).stdout).toMatch(/→ +eu +eu +0 .* pays/);
  });

  it('exits with 1 when the payment has failed, and shows it all the same', async () => {
    const invoice = await merchantAsks('5000000');
    const ran = await argosy('pay', invoice, '--fee-limit', '0', '--timeout', '5', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ state: 'failed' });
    expect(ran.stderr).toContain('no money has moved');
  });

  it('takes amounts in msat where --msat is given, for invoices that leave it open', async () => {
    const { invoice } = await json<{ invoice: string }>('practice', 'invoice', '--as', 'merchant');
    const missing = await argosy('pay', invoice);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toContain('code: amount_missing');
    expect(await json('pay', invoice, '--amount', '1234', '--msat')).toMatchObject({ amount_msat: '1234' });
  });

  it('shows a payment: who could pay, its route, where the time went, its ledger transfers', async () => {
    const { id } = await json<{ id: string }>('pay', await merchantAsks('700'));
    const shown = await argosy('payment', id);
    expect(shown.stdout).toMatch(/to +merchant/);
    expect(shown.stdout).toMatch(/→ +eu +eu +0 .* ms +pays, the cheapest/);
    expect(shown.stdout).toMatch(/\+0 ms +\d+ ms +█.* asking the nodes; \w+ answered last/);
    expect(shown.stdout).toMatch(/on its way, until it was settled/);
    expect(shown.stdout).toMatch(/own:business +own:business:held +707 +hold/);
    expect(await json('payment', id)).toMatchObject({ id, state: 'settled' });
    const page = await json<{ data: unknown[]; next_cursor: string }>('payments', '--limit', '1');
    expect(page.data).toHaveLength(1);
    expect(await json('payments', '--limit', '1', '--cursor', page.next_cursor)).toHaveProperty('data');
  });
});

describe('receiving', () => {
  it('prints the invoice alone, so that it can be handed on, and the rest to stderr', async () => {
    const issued = await argosy('invoice', '5000', '--region', 'asia', '--description', 'tea');
    expect(issued.code).toBe(0);
    expect(issued.stdout).toMatch(/^lnbcrt[0-9a-z]+\n$/);
    expect(issued.stderr).toMatch(/inv_\w+: 5,000 sat at asia, until/);
    const paid = await json('practice', 'pay', '--as', 'exchange', issued.stdout.trim());
    expect(paid).toMatchObject({ state: 'settled', amount_msat: '5000000' });
    expect((await argosy('invoices')).stdout).toMatch(/5,000 .*asia .*own:business .*tea/);
  });

  it('credits the account of a customer, which can be opened once', async () => {
    expect(await json('accounts', 'create', 'acme')).toMatchObject({ id: 'customer:acme', custodial: true });
    expect((await argosy('accounts', 'create', 'acme')).code).toBe(1);
    const issued = await json('invoice', '20', '--account', 'customer:acme');
    expect(issued).toMatchObject({ account: 'customer:acme', amount_msat: '20000' });
    expect((await argosy('accounts')).stdout).toMatch(/customer:acme .*the customer's/);
  });

  it.each([
    ['-5', 'amount_negative'],
    ['many', 'amount_not_numeric'],
  ])('refuses the amount %s as %s, in words and as a document', async (amount, code) => {
    const ran = await argosy('invoice', amount, '--json');
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stdout)).toMatchObject({ code, field: 'AMOUNT' });
    expect(ran.stderr).toContain(`code: ${code}`);
  });
});

describe('practice', () => {
  it('breaks an own node and heals it, and names the node that is none', async () => {
    expect(await json('practice', 'break', 'eu')).toEqual({ node: 'eu', how: 'dies', delay_ms: null });
    const slow = await argosy('practice', 'break', 'eu', '--how', 'slow', '--delay', '250');
    expect(slow.stdout).toMatch(/eu takes longer to answer: 250 ms\n.*practice heal eu/);
    expect(await json('practice', 'heal', 'eu')).toEqual({ node: 'eu', how: null, delay_ms: null });
    const nobody = await argosy('practice', 'heal', 'mars', '--json');
    expect(JSON.parse(nobody.stdout)).toMatchObject({ code: 'practice_node_unknown', field: 'name' });
    expect((await argosy('practice', 'break', 'eu', '--how', 'melts')).code).toBe(2);
  });

  it('shows where outsiders come in, ready to be copied, and what is wrong', async () => {
    const ran = await argosy('practice', 'doors');
    expect(ran.stdout).toMatch(/URL +http:\/\/127.0.0.1:21218\n +user +argosy\n +password +secret\n/);
    expect(ran.stdout).toMatch(/eu +02aa@127.0.0.1:23417\n +us +closed\n/);
    expect(ran.stderr).toContain('rpc: moved to port 21218');
    expect(await json('practice', 'doors')).toMatchObject({
      network: 'regtest',
      peers: [{ node: 'eu' }, {}],
    });
  });

  it('pays coins from the faucet, and says which address or amount it cannot', async () => {
    const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    const paid = await json('practice', 'fund', address, '250000');
    expect(paid).toMatchObject({ address, amount_msat: '250000000', height: expect.any(Number) });
    const refused = async (...args: string[]) => {
      const ran = await argosy('practice', 'fund', ...args, '--json');
      const { code, field } = JSON.parse(ran.stdout);
      return [ran.code, code, field];
    };
    const mainnet = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
    expect(await refused(mainnet, '5000')).toEqual([2, 'practice_coins_invalid', 'address']);
    expect(await refused(address, '500')).toEqual([2, 'practice_coins_invalid', 'amount_msat']);
    expect(await refused(address, '2000000000000000')).toEqual([1, 'practice_faucet_dry', 'amount_msat']);
  });

  it('drives traffic both ways, sums it up, and proves the books', async () => {
    const ran = await argosy(
      'practice',
      'traffic',
      '--per-second',
      '20',
      '--for',
      '2',
      '--seed',
      's',
      '--json',
    );
    expect(ran.code, ran.stderr).toBe(0);
    const summary = JSON.parse(ran.stdout);
    expect(summary).toMatchObject({ seed: 's', unknown: 0, books_difference_msat: '0' });
    expect(summary.asked).toBeGreaterThanOrEqual(20);
    expect(summary.settled + summary.failed).toBe(summary.asked);
    expect(summary.p50_ms).toBeLessThanOrEqual(summary.p95_ms);
    expect(ran.stderr).toMatch(/\d+ settled, \d+ failed, 0 unknown, \d+ under way/);
    expect((await argosy('practice', 'traffic', '--for', '1')).stdout).toMatch(/books differ by +0 sat/);
  });

  it('tells what became of traffic before a node was broken, during and after', async () => {
    const child = spawnCli(['--data', fleet.folder, 'practice', 'traffic', '--for', '6', '--json']);
    const end = ended(child);
    await new Promise((seen) => child.stderr?.once('data', seen));
    const { practice } = createArgosy(fleet);
    await practice.breakNode('eu', { how: 'dies' });
    expect(await practice.faults()).toEqual({ data: [{ node: 'eu', how: 'dies', delay_ms: null }] });
    await new Promise((later) => setTimeout(later, 2_000));
    await practice.healNode('eu');
    expect(await practice.faults()).toEqual({ data: [] });
    const { stdout, stderr } = await end;
    const { asked, phases } = JSON.parse(stdout);
    expect(phases).toMatchObject([
      { phase: 'all well', began_s: 0, success_rate: expect.any(Number) },
      { phase: 'eu dies', success_rate: expect.any(Number) },
      { phase: 'all well', success_rate: expect.any(Number) },
    ]);
    const inPhases = phases.reduce((total: number, each: { asked: number }) => total + each.asked, 0);
    expect(inPhases).toBe(asked);
    expect(stderr).toMatch(/eu dies +[\d.]+ % +\d+ settled, \d+ failed, 0 unknown, \d+ under way/);
  });

  it('ends traffic with its summary when it is interrupted', async () => {
    const child = spawnCli(['--data', fleet.folder, 'practice', 'traffic', '--for', '600', '--json']);
    const end = ended(child);
    await new Promise((seen) => child.stderr?.once('data', seen));
    child.kill('SIGINT');
    const ran = await end;
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ unknown: 0, books_difference_msat: '0' });
  });
});

describe('looking', () => {
  it('shows nodes, balance and people as tables, and as documents', async () => {
    expect((await argosy('nodes')).stdout).toMatch(/eu +eu +✓ up/);
    expect((await argosy('balance')).stdout).toMatch(/can send +[\d,.]+ sat/);
    expect((await argosy('balance', '--msat')).stdout).toMatch(/can send +[\d,]+ msat/);
    expect((await argosy('practice', 'people')).stdout).toMatch(/merchant +2/);
    const held = (await argosy('practice', 'balances')).stdout;
    expect(held).toMatch(/merchant +hub +[█░]{20}/);
    expect(held).toMatch(/on-chain +[\d,]+/);
    const { data } = await json<{ data: { name: string; own: boolean }[] }>('practice', 'balances');
    expect(data.filter(({ own }) => own).map(({ name }) => name)).toEqual(['us', 'eu', 'asia']);
    expect(await json('practice', 'mine', '3')).toHaveProperty('height');
    expect(await json('nodes')).toHaveProperty('data.length', 3);
  });

  it('tells of a node that is drained, and says why and by whom', async () => {
    const client = createArgosy({ api: fleet.api, key: fleet.key });
    await client.drainNode('asia', 'kernel update');
    const { stdout } = await argosy('nodes');
    expect(stdout).toMatch(/asia +asia +– drained/);
    expect(stdout).toMatch(/– asia +drained by owner for \d+ s: kernel update/);
    await client.resumeNode('asia');
    expect((await argosy('nodes')).stdout).toMatch(/asia +asia +✓ up/);
  });

  it('stops all sending and says so wherever one looks, until it is ended', async () => {
    expect((await argosy('panic')).stdout).toBe('✓ sending: payments go out\n');
    const on = await argosy('panic', 'on', '--reason', 'a drill');
    expect(on).toMatchObject({ code: 0 });
    expect(on.stdout).toMatch(
      /^✗ ALL SENDING IS STOPPED, since .*Z by owner: a drill\nTo end it: npx argosy .* panic off/,
    );
    expect((await argosy('nodes')).stdout).toMatch(/^✗ ALL SENDING IS STOPPED/);
    const refused = await argosy('pay', await merchantAsks('100'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('code: sending_stopped');
    expect(await json('panic', 'status')).toMatchObject({ on: true, reason: 'a drill', waiting_for: [] });
    expect((await argosy('panic', 'off')).stdout).toMatch(/^✓ sending/);
    expect(await json('pay', await merchantAsks('100'))).toMatchObject({ state: 'settled' });
  });

  it('prints the link to the map, with the key where no browser sends it', async () => {
    const link = `${fleet.api}/#key=${fleet.key}`;
    expect((await argosy('map')).stdout).toBe(`${link}\n`);
    expect(await json('map')).toEqual({ map: link });
  });

  it('proves the books, and exits with 1 when a node holds something else', async () => {
    expect(await json('books', 'check')).toMatchObject({ difference_msat: '0' });
    expect((await argosy('books', 'check')).stdout).toContain('✓ the books balance');
    await fleet.db.tx((tx) =>
      tx.query(`update account set balance_msat = balance_msat - 1 where id = 'node:us:channels'`),
    );
    const ran = await argosy('books', 'check');
    await fleet.db.tx((tx) =>
      tx.query(`update account set balance_msat = balance_msat + 1 where id = 'node:us:channels'`),
    );
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stdout).toContain('✗ the books differ');
  });
});

describe('one own node', () => {
  it('is shown, drained by hand, and resumed', async () => {
    const shown = await argosy('node', 'show', 'asia');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^state +✓ up$/m) });
    const drained = await argosy('node', 'drain', 'asia', '--reason', 'kernel update');
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('node resume asia') });
    expect((await argosy('node', 'show', 'asia')).stdout).toContain('kernel update');
    expect(await json('node', 'resume', 'asia')).toMatchObject({ id: 'asia', state: 'up', drains: [] });
    expect(await argosy('node', 'drain', 'nosuch')).toMatchObject({ code: 1 });
  });

  it('is not added to the practice fleet, which says how an own fleet begins', async () => {
    const ran = await argosy('node', 'add', 'eu2', '--lndconnect', 'lndconnect://127.0.0.1:1?macaroon=AA');
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('nodes: []') });
    expect(ran.stderr).toContain('code: fleet_is_practice');
  });

  it('wants its credentials in one way, and none of them on the screen', async () => {
    const both = await argosy('node', 'add', 'eu2', '--lndconnect', 'lndconnect://x', '--address', 'x:1');
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--lndconnect has all of it') });
    const none = await argosy('node', 'add', 'eu2');
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--lndconnect -') });
    const file = await argosy('node', 'rotate', 'eu', '--cert', '/nosuch');
    expect(file).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--cert: /nosuch cannot be read'),
    });
    expect(await argosy('node', 'rotate', 'eu')).toMatchObject({ code: 2 });
  });
});
