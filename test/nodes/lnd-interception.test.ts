import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { channelId, nodePubkey, type Preimage, preimage, shortChannelId } from '../../src/lightning/ids.ts';
import { fromSat, msat } from '../../src/money/msat.ts';
import type { HeldHtlc, Interceptor } from '../../src/nodes/facets.ts';
import { connectLnd, type LndClient } from '../../src/nodes/lnd/client.ts';
import { aliases } from '../../src/nodes/lnd/facets/aliases.ts';
import { interception } from '../../src/nodes/lnd/facets/interception.ts';
import { zeroConf } from '../../src/nodes/lnd/facets/zero_conf.ts';
import { chanId } from '../../src/nodes/lnd/map.ts';
import { missingDaemons } from './net/daemons.ts';
import type { Lnd } from './net/lnd.ts';
import { activeChannels, connect, invoice, pay } from './net/lnd_verbs.ts';
import { type Network, startNetwork } from './net/network.ts';
import { until } from './net/until.ts';

const missing = missingDaemons('lnd', 'btcd');

const clientOf = (node: Lnd): LndClient =>
  connectLnd({
    address: `127.0.0.1:${node.rpcPort}`,
    certificates: [node.certPem],
    macaroon: node.adminMacaroonHex,
  });
const outcome = (paying: Promise<unknown>): Promise<string> =>
  paying.then(
    () => 'paid',
    (error: Error) => error.message,
  );

describe.skipIf(missing !== null)(`HTLCs that a real LND holds${missing ? ` (${missing})` : ''}`, () => {
  let net: Network;
  let lsp: LndClient;
  let client: LndClient;
  const open: { readonly interceptor: Interceptor; readonly offered: readonly HeldHtlc[] }[] = [];

  /** An interceptor that keeps what it is offered. */
  function intercept() {
    const offered: HeldHtlc[] = [];
    let listens = 0;
    const interceptor = interception(lsp).intercept(async (item) => {
      if (item.kind === 'htlc') offered.push(item);
      else listens += 1;
    });
    open.push({ interceptor, offered });
    return {
      ...interceptor,
      offered,
      listening: (times = 1) => until('the interceptor to listen', async () => listens >= times),
      next: (count = 1) => until('an HTLC to be held', async () => offered[count - 1]),
      offer: (hash: string) =>
        until('its HTLC to be held', async () => offered.find(({ paymentHash }) => paymentHash === hash)),
    };
  }
  async function restart(name: 'lsp'): Promise<void> {
    await net.node(name).kill();
    await net.node(name).start();
    for (const peer of ['payer', 'payee', 'client']) await connect(net.node(name), net.node(peer));
    await until('all channels to be active', async () => {
      const { channels } = await lsp.lightning.listChannels({});
      return channels.every(({ active }) => active);
    });
    await until('the payer to know', async () => (await activeChannels(net.node('payer'))).length === 1);
  }
  const pays = async (bolt11: string): Promise<string> => {
    // What has failed before would be avoided now.
    await net.node('payer').rest('POST', '/v2/router/mc/reset', {});
    return outcome(pay(net.node('payer'), bolt11));
  };
  /** An invoice of somebody without a channel: its hint leads over one that is not there. */
  async function hintedInvoice(sat: number, alias: string): Promise<string> {
    const hop = {
      node_id: net.node('lsp').pubkey,
      chan_id: chanId(shortChannelId(alias)),
      fee_base_msat: 1_000,
      fee_proportional_millionths: 250,
      cltv_expiry_delta: 80,
    };
    const body = { value: String(sat), route_hints: [{ hop_hints: [hop] }] };
    type Made = { payment_request: string };
    return (await net.node('client').rest<Made>('POST', '/v1/invoices', body)).payment_request;
  }

  beforeAll(async () => {
    net = await startNetwork({
      nodes: {
        payer: {},
        lsp: { coinsSat: [1_000_000, 1_000_000], flags: ['--requireinterceptor'] },
        payee: {},
      },
      channels: [
        { from: 'payer', to: 'lsp', capacitySat: 5_000_000 },
        { from: 'lsp', to: 'payee', capacitySat: 5_000_000 },
      ],
    });
    await connect(net.node('lsp'), await net.join('client'));
    lsp = clientOf(net.node('lsp'));
    client = clientOf(net.node('client'));
  });
  afterEach(async () => {
    for (const { interceptor, offered } of open.splice(0)) {
      for (const { id } of offered) await interceptor.resolve(id, { kind: 'fail' });
      await interceptor.stop();
    }
  });
  afterAll(async () => {
    lsp?.close();
    client?.close();
    await net?.stop();
  });

  test('one is held until it is resumed, failed or settled', async () => {
    const interceptor = intercept();
    await interceptor.listening();
    const resumed = pays(await invoice(net.node('payee'), 1_000));
    const first = await interceptor.next(1);
    const height = await net.chain.height();
    expect(first.outgoingMsat).toBe(fromSat(1_000n));
    expect(first.incomingMsat).toBe(msat(1_001_250n));
    expect(first.failsAtHeight).toBeGreaterThan(height);
    expect(first.incomingExpiry).toBeGreaterThan(first.outgoingExpiry);
    expect(await interceptor.resolve(first.id, { kind: 'resume' })).toEqual({ kind: 'handed_over' });
    expect(await resumed).toBe('paid');
    expect(await interceptor.resolve(first.id, { kind: 'resume' })).toEqual({ kind: 'not_held' });

    const failed = pays(await invoice(net.node('payee'), 1_000));
    const second = await interceptor.next(2);
    await interceptor.resolve(second.id, { kind: 'fail' });
    expect(await failed).toContain('NO_ROUTE');

    const [known, hash] = freshSecret();
    const settled = pays(await holdInvoiceAt(net.node('payee'), hash));
    const third = await interceptor.offer(hash);
    await interceptor.resolve(third.id, { kind: 'settle', preimage: known });
    expect(await settled).toBe('paid');
  });

  test('one outlives its interceptor, with --requireinterceptor, and is offered to the next', async () => {
    const first = intercept();
    await first.listening();
    const paying = pays(await invoice(net.node('payee'), 2_000));
    const held = await first.next();
    await first.stop();
    expect(await first.resolve(held.id, { kind: 'fail' })).toEqual({ kind: 'not_held' });
    const second = intercept();
    await second.listening();
    expect(await second.next()).toEqual(held);
    await second.resolve(held.id, { kind: 'resume' });
    await second.stop();
    expect(await paying).toBe('paid');
  });

  test('one outlives a kill -9 of LND, and is offered again to the same interceptor', async () => {
    const interceptor = intercept();
    await interceptor.listening();
    const paying = pays(await invoice(net.node('payee'), 3_000));
    const held = await interceptor.next();
    await restart('lsp');
    await interceptor.listening(2);
    expect(await interceptor.next(2)).toMatchObject({ id: held.id, paymentHash: held.paymentHash });
    await interceptor.resolve(held.id, { kind: 'resume' });
    expect(await paying).toBe('paid');
  });

  test('one that was resumed is not offered again, though LND does so after a kill -9', async () => {
    const interceptor = intercept();
    await interceptor.listening();
    const [known, hash] = freshSecret();
    const paying = pays(await holdInvoiceAt(net.node('payee'), hash));
    const held = await interceptor.offer(hash);
    await interceptor.resolve(held.id, { kind: 'resume' });
    await until('the payee to hold it', () => isHeldAt(net.node('payee'), hash));
    await restart('lsp');
    await interceptor.listening(2);
    // Another process, that knows nothing of the verdict.
    const outgoing = async () => {
      const { channels } = await lsp.lightning.listChannels({});
      const htlcs = channels.flatMap(({ pending_htlcs }) => pending_htlcs);
      return htlcs.filter((htlc) => !htlc.incoming && htlc.hash_lock.toString('hex') === hash).length;
    };
    await interceptor.stop();
    const other = intercept();
    await other.listening();
    const later = pays(await invoice(net.node('payee'), 1_000));
    const next = await other.next();
    expect(next.paymentHash).not.toBe(hash);
    await other.resolve(next.id, { kind: 'resume' });
    expect(await later).toBe('paid');
    expect(await outgoing()).toBe(1);
    await settleAt(net.node('payee'), known);
    expect(await paying).toBe('paid');
    await until('nothing to be on its way', async () => (await outgoing()) === 0);
    expect(
      [...interceptor.offered, ...other.offered].filter(({ paymentHash }) => paymentHash === hash),
    ).toHaveLength(1);
  });

  test('one that LND has failed by itself costs the stream, and the others are offered again', async () => {
    const interceptor = intercept();
    await interceptor.listening();
    const early = pays(await invoice(net.node('payee'), 4_000));
    const failing = await interceptor.next();
    const [known, hash] = freshSecret();
    const late = pays(await holdInvoiceAt(net.node('payee'), hash, 400));
    const waiting = await interceptor.offer(hash);
    await net.mine(failing.failsAtHeight - (await net.chain.height()));
    await until('LND to fail it', async () => {
      const { channels } = await lsp.lightning.listChannels({});
      const number = failing.id.split(':')[1];
      return !channels.some(({ pending_htlcs }) =>
        pending_htlcs.some(({ incoming, htlc_index }) => incoming && htlc_index === number),
      );
    });
    await interceptor.resolve(failing.id, { kind: 'resume' });
    await interceptor.listening(2);
    const again = () => interceptor.offered.filter(({ id }) => id === waiting.id)[1];
    expect(await until('the other to be offered again', async () => again())).toEqual(waiting);
    const wrong = { kind: 'settle', preimage: freshSecret()[0] } as const;
    await expect(interceptor.resolve(waiting.id, wrong)).rejects.toThrow('preimage');
    await interceptor.resolve(waiting.id, { kind: 'settle', preimage: known });
    expect(await late).toBe('paid');
    // The payer may have tried once more.
    let isOver = false;
    void early.then(() => {
      isOver = true;
    });
    await until('the first to have failed', async () => {
      for (const { id, paymentHash } of interceptor.offered)
        if (paymentHash === failing.paymentHash) await interceptor.resolve(id, { kind: 'fail' });
      return isOver;
    });
    expect(await early).toContain('NO_ROUTE');
  });

  test('a channel is made for a payment that is on its way, and carries it', async () => {
    const alias = shortChannelId('16100000x7x1');
    const interceptor = intercept();
    await interceptor.listening();
    const id = nodePubkey(net.node('client').pubkey);
    const channelOf = async () =>
      (await lsp.lightning.listChannels({ active_only: true })).channels.find(
        ({ remote_pubkey }) => remote_pubkey === id,
      );
    const openZeroConf = () =>
      openChannel(lsp, { node_pubkey: Buffer.from(id, 'hex'), local_funding_amount: '500000' });

    await expect(openZeroConf()).rejects.toThrow();
    const stranger = zeroConf(client).acceptFrom([nodePubkey(net.node('payee').pubkey)]);
    await expect(openZeroConf()).rejects.toThrow();
    await stranger.stop();

    const accepting = zeroConf(client).acceptFrom([nodePubkey(net.node('lsp').pubkey)]);
    const paying = pays(await hintedInvoice(100_000, alias));
    const held = await interceptor.next();
    expect(held.outgoing).toBe(alias);
    const height = await net.chain.height();
    await until('the client to accept', () => openZeroConf().then(() => true));
    const channel = await until('the channel', channelOf);
    expect(channel).toMatchObject({ zero_conf: true, private: true });
    const its = channelId(channel.channel_point);
    expect(await aliases(lsp).add(its, alias)).toEqual({ kind: 'added' });
    await interceptor.resolve(held.id, { kind: 'resume' });
    expect(await paying).toBe('paid');
    expect(await net.chain.height()).toBe(height);
    await accepting.stop();
  });

  test('an alias leads to its channel, also after a kill -9, until it is removed and LND starts anew', async () => {
    const alias = shortChannelId('16100000x8x1');
    const interceptor = intercept();
    await interceptor.listening();
    const follow = async () => {
      const paying = pays(await hintedInvoice(1_000, alias));
      const count = interceptor.offered.length + 1;
      const held = await interceptor.next(count);
      await interceptor.resolve(held.id, { kind: 'resume' });
      return paying;
    };
    const { channels } = await lsp.lightning.listChannels({});
    const idOf = (name: string) =>
      channelId(
        channels.find(({ remote_pubkey }) => remote_pubkey === net.node(name).pubkey)?.channel_point ?? '',
      );
    const its = aliases(lsp);
    expect(await its.add(idOf('client'), alias)).toEqual({ kind: 'added' });
    expect(await its.add(idOf('client'), alias)).toEqual({ kind: 'added' });
    expect(await its.add(idOf('payee'), alias)).toEqual({ kind: 'taken' });
    expect(await its.add(channelId('00:0'), alias)).toEqual({ kind: 'no_channel' });
    await expect(its.add(idOf('client'), shortChannelId('100x1x1'))).rejects.toThrow('no alias');
    expect(await follow()).toBe('paid');
    await restart('lsp');
    await interceptor.listening(2);
    expect(await follow()).toBe('paid');
    expect(await its.remove(idOf('payee'), alias)).toEqual({ kind: 'not_found' });
    expect(await its.remove(idOf('client'), alias)).toEqual({ kind: 'removed' });
    expect(await its.remove(idOf('client'), alias)).toEqual({ kind: 'not_found' });
    await restart('lsp');
    await interceptor.listening(3);
    expect(await follow()).toContain('NO_ROUTE');
  });
});

function freshSecret(): readonly [Preimage, string] {
  const hex = randomBytes(32).toString('hex');
  return [preimage(hex), createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')];
}

async function holdInvoiceAt(node: Lnd, hash: string, cltv_expiry = 80): Promise<string> {
  const body = { hash: Buffer.from(hash, 'hex').toString('base64'), value: '1000', cltv_expiry };
  return (await node.rest<{ payment_request: string }>('POST', '/v2/invoices/hodl', body)).payment_request;
}
const isHeldAt = async (node: Lnd, hash: string): Promise<boolean> =>
  (await node.rest<{ state: string }>('GET', `/v1/invoice/${hash}`)).state === 'ACCEPTED';
async function settleAt(node: Lnd, secret: Preimage): Promise<void> {
  await node.rest('POST', '/v2/invoices/settle', { preimage: Buffer.from(secret, 'hex').toString('base64') });
}

/** Resolves when the channel is pending. */
async function openChannel(
  { lightning }: LndClient,
  order: { readonly node_pubkey: Buffer; readonly local_funding_amount: string },
): Promise<void> {
  const updates = lightning.openChannel({
    ...order,
    zero_conf: true,
    scid_alias: true,
    private: true,
    commitment_type: 'ANCHORS',
    sat_per_vbyte: '2',
    use_fee_rate: true,
    fee_rate: '0',
  });
  for await (const update of updates) if (update.chan_pending) return;
}
