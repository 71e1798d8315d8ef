import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../practice/world_network.ts';
import { bill, orderOf, sat, sendAccepted } from '../conformance/payment.ts';
import type { NodeEvent } from '../node.ts';

const FEE = { baseMsat: 1_000, ppm: 0 };
const PAID = sat(50_000);

let network: Network<'payer' | 'payee'>;
beforeAll(async () => {
  const channel = { capacitySat: 1_000_000, pushSat: 300_000, fromFee: FEE, toFee: FEE };
  network = await startNetwork(
    {
      groups: [['payer'], ['payee']],
      aliases: { payer: 'payer', payee: 'payee' },
      channels: [{ from: 'payer', to: 'payee', ...channel }],
      spareSat: 1_000_000,
    },
    { tickMs: 500 },
  );
}, 60_000);
afterAll(() => network.stop());

/** What the events do to the channels of a ledger. */
const changeOf = (event: NodeEvent): bigint => {
  if (event.kind === 'invoice_settled') return event.receivedMsat;
  return event.kind === 'channel_closed' ? -event.localMsat : 0n;
};

it('what was claimed while the peer was away leaves with the channel when that is closed', async () => {
  const [payer, payee] = [network.node('payer'), network.node('payee')];
  await network.hold('payee', true);
  const owed = await bill({ payee }, PAID, 600);
  await sendAccepted(payer, await orderOf({}, payer, owed, PAID));
  await expect
    .poll(async () => (await payee.lookupInvoice(owed.paymentHash)).kind, { timeout: 5_000 })
    .toBe('accepted');
  const before = await payee.balances();
  const events: NodeEvent[] = [];
  const subscription = payee.subscribe(before.cursor, async (batch) => void events.push(...batch));
  const kinds = () => events.map(({ kind }) => kind);

  await network.setFault('payer', { kind: 'cut-off' });
  await network.hold('payee', false);
  await expect.poll(kinds, { timeout: 5_000 }).toContain('invoice_settled');
  const [channel] = await payee.channels();
  if (channel === undefined) throw new Error('no channel');
  await payee.facets.close?.close({ channel: channel.id, force: true });
  await expect.poll(kinds, { timeout: 5_000 }).toContain('channel_closed');

  const { channelsMsat } = await payee.balances();
  expect(channelsMsat).toBe(0n);
  expect(before.channelsMsat + events.reduce((total, event) => total + changeOf(event), 0n)).toBe(0n);
  await subscription.stop();
}, 60_000);
