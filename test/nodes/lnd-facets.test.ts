import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelId, nodePubkey, paymentHash, preimage } from '../../src/lightning/ids.ts';
import { fromSat, msat } from '../../src/money/msat.ts';
import { KNOWN_FACETS } from '../../src/nodes/conformance/known_facets.ts';
import type {
  ChannelBackup,
  GraphChange,
  GraphChannel,
  HoldState,
  Listening,
} from '../../src/nodes/facets.ts';
import { memoryJournal } from '../../src/nodes/journal.ts';
import { connectLnd, type LndClient } from '../../src/nodes/lnd/client.ts';
import { openLnd } from '../../src/nodes/lnd/driver.ts';
import { backups } from '../../src/nodes/lnd/facets/backups.ts';
import { graph } from '../../src/nodes/lnd/facets/graph.ts';
import { holdInvoices } from '../../src/nodes/lnd/facets/hold_invoices.ts';
import { messages } from '../../src/nodes/lnd/facets/messages.ts';
import { policies } from '../../src/nodes/lnd/facets/policies.ts';
import { signing } from '../../src/nodes/lnd/facets/signing.ts';
import { watchtower } from '../../src/nodes/lnd/facets/watchtower.ts';
import { capabilities } from '../../src/nodes/node.ts';
import { missingDaemons } from './net/daemons.ts';
import type { Lnd } from './net/lnd.ts';
import { connect, pay } from './net/lnd_verbs.ts';
import { type Network, startNetwork } from './net/network.ts';
import { freePort } from './net/ports.ts';
import { until } from './net/until.ts';

type Name = 'payer' | 'payee';
const missing = missingDaemons('lnd', 'btcd');

const clientOf = (node: Lnd, macaroon = node.adminMacaroonHex): LndClient =>
  connectLnd({ address: `127.0.0.1:${node.rpcPort}`, certificates: [node.certPem], macaroon });
const secret = () => {
  const hex = randomBytes(32).toString('hex');
  const hash = createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
  return { preimage: preimage(hex), paymentHash: paymentHash(hash) };
};
/** Keeps all that a stream delivers. */
const keep = <Item>() => {
  const items: Item[] = [];
  return { items, take: async (item: Item) => void items.push(item) };
};

describe.skipIf(missing !== null)(`the further facets of a real LND${missing ? ` (${missing})` : ''}`, () => {
  let net: Network<Name>;
  let payer: LndClient;
  let payee: LndClient;
  let towerPort: number;
  const pubkey = (name: Name) => nodePubkey(net.node(name).pubkey);
  const channel = async () => {
    const { channels } = await payer.lightning.listChannels({});
    return channels.find(({ remote_pubkey }) => remote_pubkey === pubkey('payee'));
  };
  const ownChannel = async () => channelId((await channel())?.channel_point ?? '');
  async function killAndStart(name: Name) {
    await net.node(name).kill();
    await net.node(name).start();
    await connect(net.node('payer'), net.node('payee'));
    await until('the channel to be active', async () => (await channel())?.active);
  }

  beforeAll(async () => {
    towerPort = await freePort();
    const guarded = ['--wtclient.active'];
    const tower = ['--watchtower.active', `--watchtower.listen=127.0.0.1:${towerPort}`];
    net = await startNetwork({
      nodes: { payer: { coinsSat: [400_000], flags: guarded }, payee: { flags: tower } },
      channels: [{ from: 'payer', to: 'payee', capacitySat: 5_000_000, pushSat: 100_000 }],
    });
    payer = clientOf(net.node('payer'));
    payee = clientOf(net.node('payee'));
  });
  afterAll(async () => {
    payer?.close();
    payee?.close();
    await net?.stop();
  });

  const order = (hash = secret().paymentHash) => ({
    amountMsat: fromSat(5_000n),
    description: 'held',
    expirySeconds: 600,
    paymentHash: hash,
    finalCltvDelta: 100,
  });

  describe('a hold invoice', () => {
    test('is held until it is settled, through a kill -9 of LND', async () => {
      const its = holdInvoices(payee);
      const { paymentHash, preimage } = secret();
      const seen = keep<HoldState>();
      const watch = its.watch(paymentHash, seen.take);
      const { bolt11 } = await its.issue(order(paymentHash));
      expect(await its.settle(preimage)).toEqual({ kind: 'pending' });
      const paid = pay(net.node('payer'), bolt11);
      const held = await until('it to be held', async () =>
        seen.items.find(({ kind }) => kind === 'accepted'),
      );
      const height = await net.chain.height();
      expect(held).toEqual({
        kind: 'accepted',
        heldMsat: fromSat(5_000n),
        expiryHeight: expect.toSatisfy((at: number) => at >= height + 100 && at < height + 200),
      });
      await killAndStart('payee');
      await until('it to be held again', async () => seen.items.filter(({ kind }) => kind === 'accepted')[1]);
      expect(await its.settle(preimage)).toEqual({ kind: 'settled' });
      expect((await paid).preimage).toBe(preimage);
      expect(await watch.ended).toBeNull();
      expect(seen.items.at(-1)).toEqual({ kind: 'settled', receivedMsat: fromSat(5_000n) });
      expect(await its.settle(preimage)).toEqual({ kind: 'settled' });
      expect(await its.cancel(paymentHash)).toEqual({ kind: 'settled' });
    });

    test('gives back what it holds when it is cancelled, and takes nothing later', async () => {
      const its = holdInvoices(payee);
      const { paymentHash, preimage } = secret();
      const seen = keep<HoldState>();
      const watch = its.watch(paymentHash, seen.take);
      const { bolt11 } = await its.issue(order(paymentHash));
      const paid = pay(net.node('payer'), bolt11).then(
        () => 'paid',
        (error: Error) => error.message,
      );
      await until('it to be held', async () => seen.items.some(({ kind }) => kind === 'accepted'));
      expect(await its.cancel(paymentHash)).toEqual({ kind: 'cancelled' });
      expect(await paid).toContain('INCORRECT_PAYMENT_DETAILS');
      expect(await watch.ended).toBeNull();
      expect(seen.items.at(-1)).toEqual({ kind: 'cancelled' });
      expect(await its.cancel(paymentHash)).toEqual({ kind: 'cancelled' });
      expect(await its.settle(preimage)).toEqual({ kind: 'cancelled' });
    });

    test('is the same again for the same hash, and never another', async () => {
      const its = holdInvoices(payee);
      const ordered = order();
      const first = await its.issue(ordered);
      expect(await its.issue(ordered)).toEqual(first);
      await expect(its.issue({ ...ordered, amountMsat: fromSat(6_000n) })).rejects.toThrow('another invoice');
      const ordinary = await payee.lightning.addInvoice({
        value_msat: '5000000',
        memo: 'held',
        expiry: '600',
      });
      const hash = paymentHash(ordinary.r_hash.toString('hex'));
      await expect(its.issue({ ...ordered, paymentHash: hash })).rejects.toThrow('another invoice');
      expect(await its.settle(secret().preimage)).toEqual({ kind: 'not_found' });
      expect(await its.cancel(secret().paymentHash)).toEqual({ kind: 'not_found' });
    });
  });

  test('a policy that is set is seen at the other end; a bad one is refused with its reason', async () => {
    const id = await ownChannel();
    const policy = {
      feeBaseMsat: msat(7n),
      feePpm: 1234,
      cltvDelta: 44,
      htlcMinMsat: msat(2_000n),
      htlcMaxMsat: fromSat(1_000_000n),
      inboundFeeBaseMsat: -3n,
      inboundFeePpm: -50,
    };
    const its = policies(payer);
    expect(await its.set(id, policy)).toEqual({ kind: 'set' });
    const expected = { ...policy, disabled: false };
    expect((await its.list()).find(({ channel }) => channel === id)?.own).toEqual(expected);
    const seen = await until('the other end to hear of it', async () => {
      const its = (await policies(payee).list()).find(({ channel }) => channel === id);
      return its?.peer?.feePpm === 1234 && its.peer;
    });
    expect(seen).toEqual(expected);
    for (const bad of [{ cltvDelta: 1 }, { inboundFeePpm: 10 }, { htlcMaxMsat: fromSat(9_000_000n) }]) {
      expect(await its.set(id, { ...policy, ...bad })).toMatchObject({
        kind: 'refused',
        reason: 'bad_value',
        detail: expect.stringMatching(/./),
      });
    }
    const nowhere = channelId(`${'0'.repeat(64)}:0`);
    expect(await its.set(nowhere, policy)).toMatchObject({ kind: 'refused', reason: 'no_channel' });
    expect((await its.list()).find(({ channel }) => channel === id)?.own).toEqual(expected);
  });

  test('a message arrives at its peer, and again after a kill -9 of LND', async () => {
    type Item = Parameters<Parameters<ReturnType<typeof messages>['subscribe']>[0]>[0];
    const got = keep<Item>();
    const listening = (times: number) =>
      until('it to listen', async () => got.items.filter(({ kind }) => kind === 'listening').length >= times);
    const subscription = messages(payee).subscribe(got.take);
    const arrives = async (data: string) => {
      const message = { type: 37_913, data };
      expect(await messages(payer).send({ peer: pubkey('payee'), ...message })).toEqual({ kind: 'sent' });
      const item = await until('the message', async () =>
        got.items.find((it) => 'data' in it && it.data === data),
      );
      expect(item).toEqual({ kind: 'message', peer: pubkey('payer'), ...message });
    };
    await listening(1);
    await arrives('00ff');
    await killAndStart('payee');
    await listening(2);
    await arrives('ab'.repeat(65_000));
    await subscription.stop();
    expect(await subscription.ended).toBeNull();
    const stranger = nodePubkey(`02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`);
    const lost = { peer: stranger, type: 40_000, data: '' };
    expect(await messages(payer).send(lost)).toEqual({ kind: 'not_connected' });
    await expect(messages(payer).send({ ...lost, type: 513 })).rejects.toThrow('type 513');
  });

  test('the graph comes in pieces, and its changes as they happen', async () => {
    const changes = keep<readonly (Listening | GraphChange)[]>();
    const subscription = graph(payee).subscribe(changes.take);
    await until('it to listen', async () => changes.items.flat().some(({ kind }) => kind === 'listening'));
    const pieces = await Array.fromAsync(graph(payee).read());
    const nodes = pieces.flat().filter(({ kind }) => kind === 'node');
    expect(new Set(nodes.map((node) => 'pubkey' in node && node.pubkey))).toEqual(
      new Set([pubkey('payer'), pubkey('payee')]),
    );
    const [only] = pieces.flat().filter((each): each is GraphChannel => each.kind === 'channel');
    expect(only).toMatchObject({ capacityMsat: fromSat(5_000_000n) });
    expect(new Set(only?.nodes)).toEqual(new Set([pubkey('payer'), pubkey('payee')]));
    const id = await ownChannel();
    const [mine] = (await policies(payer).list()).filter(({ channel }) => channel === id);
    if (!mine?.own) throw new Error('no policy');
    await policies(payer).set(id, { ...mine.own, feePpm: 777 });
    const change = await until('the change', async () =>
      changes.items.flat().find((item) => item.kind === 'policy' && item.policy?.feePpm === 777),
    );
    expect(change).toMatchObject({ scid: only?.scid, from: pubkey('payer'), to: pubkey('payee') });
    await subscription.stop();
  });

  test('a backup names every channel, and a new one comes with each channel', async () => {
    const idsOf = async () => {
      const { channels } = await payer.lightning.listChannels({});
      return new Set(channels.map(({ channel_point }) => channel_point));
    };
    const got = keep<ChannelBackup>();
    const subscription = backups(payer).subscribe(got.take);
    const first = await until('the first backup', async () => got.items[0]);
    expect(new Set(first.channels)).toEqual(await idsOf());
    await net.open([{ from: 'payer', to: 'payee', capacitySat: 200_000, private: true }]);
    const now = await idsOf();
    expect(now.size).toBe(2);
    const last = await until('a backup of both', async () =>
      got.items.find(({ channels }) => channels.length === 2),
    );
    expect(new Set(last.channels)).toEqual(now);
    expect(new Set((await backups(payer).read()).channels)).toEqual(now);
    const multi_chan_backup = { multi_chan_backup: last.data };
    await net.node('payer').rest('POST', '/v1/channels/backup/verify', { multi_chan_backup });
    await subscription.stop();
  });

  test('what one node signs, another verifies', async () => {
    const text = 'Grüße von uns';
    const signature = await signing(payer).sign(text);
    expect(await signing(payee).signerOf(text, signature)).toBe(pubkey('payer'));
    expect(await signing(payee).signerOf(`${text}!`, signature)).not.toBe(pubkey('payer'));
    expect(await signing(payee).signerOf(text, 'nonsense')).toBeNull();
    expect(await signing(payee).signerOf(text, 'y'.repeat(104))).toBeNull();
  });

  test('a tower is added, listed and removed; a node without the option has no part in this', async () => {
    const { pubkey: key } = await net.node('payee').rest<{ pubkey: string }>('GET', '/v2/watchtower/server');
    const tower = nodePubkey(Buffer.from(key, 'base64').toString('hex'));
    const its = watchtower(payer);
    expect(await its.list()).toEqual([]);
    await its.add({ pubkey: tower, address: `127.0.0.1:${towerPort}` });
    expect(await its.list()).toMatchObject([
      { pubkey: tower, addresses: [`127.0.0.1:${towerPort}`], active: true },
    ]);
    expect(await its.backlog()).toEqual({ stored: 0, pending: 0, failed: 0 });
    expect(await its.remove(tower)).toEqual({ kind: 'removed' });
    expect((await its.list()).filter(({ active }) => active)).toEqual([]);
    expect(await its.remove(pubkey('payer'))).toEqual({ kind: 'not_found' });
    const facetsOf = async (client: LndClient) => {
      const node = openLnd({ client, journal: memoryJournal() });
      await node.info();
      return capabilities(node);
    };
    expect(await facetsOf(payer)).toEqual(new Set(KNOWN_FACETS.lnd));
    expect(await facetsOf(payee)).toEqual(new Set(KNOWN_FACETS.lnd.filter((name) => name !== 'watchtower')));
  });

  test('a stream that LND refuses for lack of a permission ends, and says so', async () => {
    const macaroon = await net.node('payee').bake([{ entity: 'info', action: 'read' }]);
    const client = clientOf(net.node('payee'), macaroon);
    const subscription = messages(client).subscribe(async () => undefined);
    expect(String(await subscription.ended)).toContain('permission denied');
    client.close();
  });
});
