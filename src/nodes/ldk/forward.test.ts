import { afterEach, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../practice/world_network.ts';
import { bill, orderOf, sat, sendAccepted } from '../conformance/payment.ts';
import type { LightningNode, NodeEvent } from '../node.ts';

type Name = 'payer' | 'middle' | 'payee';

const FEE = { baseMsat: 1_000, ppm: 0 };
const PAID = sat(50_000);
const channel = (from: Name, to: Name) => ({
  from,
  to,
  capacitySat: 1_000_000,
  pushSat: 300_000,
  fromFee: FEE,
  toFee: FEE,
});

const opened: Network<Name>[] = [];
async function open(): Promise<Network<Name>> {
  const network = await startNetwork<Name>(
    {
      groups: [['payer', 'payee'], ['middle']],
      aliases: { payer: 'payer', middle: 'middle', payee: 'payee' },
      channels: [channel('payer', 'middle'), channel('middle', 'payee')],
      spareSat: 100_000,
    },
    { tickMs: 500 },
  );
  opened.push(network);
  return network;
}
afterEach(() => Promise.all(opened.splice(0).map((network) => network.stop())));

async function payHeld(network: Network<Name>): Promise<void> {
  await network.hold('payee', true);
  const [payer, payee] = [network.node('payer'), network.node('payee')];
  const owed = await bill({ payee }, PAID, 600);
  await sendAccepted(payer, await orderOf({}, payer, owed, PAID));
  const accepted = async () => (await payee.lookupInvoice(owed.paymentHash)).kind;
  await expect.poll(accepted, { timeout: 10_000 }).toBe('accepted');
}

const held = async (node: LightningNode): Promise<bigint> => {
  const { channelsMsat, onchainMsat } = await node.balances();
  return channelsMsat + onchainMsat;
};

const changeOf = (event: NodeEvent): bigint => {
  if (event.kind === 'channel_closed') return -event.localMsat;
  if (event.kind === 'forwarded') return event.feeMsat;
  return event.kind === 'coins_returned' ? event.amountMsat : 0n;
};

describe('a node whose channel is closed while an HTLC is forwarded from it', () => {
  it('explains by events where the forwarded amount went, and lives on', { timeout: 60_000 }, async () => {
    const network = await open();
    const middle = network.node('middle');
    await payHeld(network);
    const [before, { cursor }] = [await held(middle), await middle.balances()];
    const events: NodeEvent[] = [];
    const subscription = middle.subscribe(cursor, async (batch) => void events.push(...batch));
    const kinds = () => events.map(({ kind }) => kind);
    const incoming = (await middle.channels()).find(({ peer }) => peer === network.pubkey('payer'));
    if (incoming === undefined) throw new Error('no channel with the payer');
    await middle.facets.close?.close({ channel: incoming.id, force: true });
    await expect.poll(kinds, { timeout: 10_000 }).toContain('channel_closed');
    await network.hold('payee', false);
    // Its claim is delayed by 144 blocks (BOLT 5), and so is what was the node's own before.
    const mineOn = async () => {
      await network.mine(10);
      return kinds();
    };
    await expect.poll(mineOn, { timeout: 40_000, interval: 100 }).toContain('channel_resolved');
    const isHome = () => events.filter(({ kind }) => kind === 'coins_returned').length;
    await expect.poll(isHome, { timeout: 10_000 }).toBe(2);
    const explained = events.reduce((total, event) => total + changeOf(event), 0n);
    expect(await held(middle)).toBe(before + explained);
    await subscription.stop();
  });
});
