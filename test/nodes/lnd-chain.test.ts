/** Coins and closings that nobody asked the driver for: all of it is told, to the millisatoshi. */
import assert from 'node:assert/strict';
import { RawTx } from '@scure/btc-signer';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { readInvoice } from '../../src/nodes/conformance/invoice.ts';
import { bill, orderOf, sat, sendAccepted, untilHeld } from '../../src/nodes/conformance/payment.ts';
import type { PartOrder } from '../../src/nodes/node.ts';
import { scriptOf } from '../../src/practice/chain_address.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS } from '../../src/practice/chain_transaction.ts';
import { type Account, listed, of, openAccount } from './faults/account.ts';
import { type Bed, openBed } from './faults/bed.ts';
import { cancelHeld, coinsMsat, localMsat, newHold, settleHeld } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import type { Lnd } from './net/lnd.ts';
import { newAddress } from './net/lnd_verbs.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 240_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `LND's coins and closings${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeEach(async () => {
      bed = await openBed();
    }, PATIENCE_MS);
    afterEach(() => bed?.close(), PATIENCE_MS);
    const lnd = (name: 'sender' | 'payee' | 'forwarder' | 'second'): Lnd => bed.network.node(name);

    const withdraw = (from: Lnd, address: string, amountSat: number, feeRate = 2) =>
      from.rest<{ txid: string }>('POST', '/v1/transactions', {
        addr: address,
        amount: String(amountSat),
        sat_per_vbyte: String(feeRate),
        spend_unconfirmed: true,
        min_confs: 0,
      });

    test('deposits and withdrawals move the coins that the events say', async () => {
      const account = await openAccount(bed, 'sender');
      const sender = lnd('sender');
      await bed.network.chain.pay([{ address: await newAddress(sender), sat: 70_000 }]);
      await until('the deposit', async () => of(await account.told(), 'coins_moved').length === 1);
      await account.expectExact();
      await bed.network.mine(1);
      const { txid } = await withdraw(sender, await newAddress(lnd('second')), 50_000);
      await account.expectExact();
      const [deposit, withdrawal] = of(await account.told(), 'coins_moved');
      assert.equal(deposit?.amountMsat, sat(70_000));
      assert.equal(withdrawal?.txid, txid);
      assert.equal(-(withdrawal?.amountMsat ?? 0n), sat(50_000) + (withdrawal?.feeMsat ?? 0n));
      await bed.network.mine(1);
      await account.expectExact();
      assert.equal((await bed.world.sender.balances()).onchainMsat, await coinsMsat(sender));
    });

    test('a transaction that another replaces is taken back', async () => {
      bed.stopMining();
      const account = await openAccount(bed, 'second');
      const second = lnd('second');
      const first = await spendCoinbase(await newAddress(second), 40_000, 1_000);
      await until('the deposit', async () => of(await account.told(), 'coins_moved').length === 1);
      await account.expectExact();
      // LND hears of the other one because it is paid by that, too.
      const better = await spendCoinbase(await newAddress(second), 30_000, 90_000);
      const pool = await bed.network.chain.mempool();
      assert(pool.includes(better) && !pool.includes(first));
      await bed.network.mine(1);
      await until('it to be taken back', async () => {
        await bed.world.second.balances();
        return of(await account.told(), 'coins_moved').length === 3;
      });
      const told = of(await account.told(), 'coins_moved').map(({ amountMsat }) => amountMsat);
      // LND may show both until a block decides between them.
      assert.deepEqual(new Set(told), new Set([sat(40_000), -sat(40_000), sat(30_000)]));
      await account.expectExact();
      assert.equal((await bed.world.second.balances()).onchainMsat, await coinsMsat(second));
    });

    const COINBASE_HEIGHT = 200;
    /** Spends always the same one, all of it, and says that it may be replaced. @returns its txid */
    async function spendCoinbase(address: string, amountSat: number, feeSat: number): Promise<string> {
      const { rpc } = bed.network.chain;
      const block = await rpc<string>('getblockhash', [COINBASE_HEIGHT]);
      const txid = (await rpc<{ tx: string[] }>('getblock', [block, 1])).tx[0] ?? '';
      const [out] = (await rpc<{ vout: { value: number }[] }>('getrawtransaction', [txid, 1])).vout;
      const rest = Math.round((out?.value ?? 0) * 1e8) - amountSat - feeSat;
      const outputs = [
        { amount: BigInt(amountSat), script: scriptOf(address) },
        { amount: BigInt(rest), script: ANYONE_SCRIPT },
      ];
      const input = {
        txid: Buffer.from(txid, 'hex'),
        index: 0,
        finalScriptSig: new Uint8Array(),
        sequence: 1,
      };
      const bytes = RawTx.encode({
        version: 2,
        segwitFlag: true,
        inputs: [input],
        outputs,
        witnesses: [ANYONE_WITNESS],
        lockTime: 0,
      });
      return rpc<string>('sendrawtransaction', [Buffer.from(bytes).toString('hex')]);
    }

    type Pending = {
      waiting_close_channels: unknown[];
      pending_force_closing_channels: unknown[];
    };
    const isResolved = async (node: Lnd): Promise<boolean> => {
      const pending = await node.rest<Pending>('GET', '/v1/channels/pending');
      return pending.waiting_close_channels.length + pending.pending_force_closing_channels.length === 0;
    };
    /** Blocks until nothing of a closing is left to wait for; the books are exact all the way. */
    async function mineThrough(
      accounts: readonly Account[],
      sent: readonly PartOrder[],
      nodes: readonly Lnd[],
    ) {
      for (let blocks = 0; blocks < 400; blocks += 8) {
        await bed.network.mine(8);
        if (blocks % 40 === 0) for (const account of accounts) await account.expectExact(sent);
        if ((await Promise.all(nodes.map(isResolved))).every(Boolean)) return;
      }
      throw new Error('400 blocks were not enough');
    }
    const forceClose = async (node: Lnd): Promise<string> => {
      type Channels = { channels: { channel_point: string; remote_pubkey: string }[] };
      const { channels } = await node.rest<Channels>('GET', '/v1/channels');
      const peer = node === lnd('sender') ? lnd('forwarder').pubkey : lnd('sender').pubkey;
      const point = channels.find(({ remote_pubkey }) => remote_pubkey === peer)?.channel_point ?? '';
      const [txid, index] = point.split(':');
      node.rest('DELETE', `/v1/channels/${txid}/${index}?force=true`).catch(() => undefined);
      await until('the closing transaction', async () => (await bed.network.chain.mempool()).length > 0);
      return point;
    };
    async function held() {
      const hold = await newHold(lnd('payee'), sat(60_000));
      const owed = {
        ...(await bill(bed.world, sat(60_000))),
        ...readInvoice(hold.bolt11),
        paymentHash: hold.hash,
      };
      const order = await orderOf(bed.world, bed.world.sender, owed, sat(60_000));
      await sendAccepted(bed.world.sender, order);
      await untilHeld(bed.world, order);
      return { order, ...hold };
    }
    async function expectResolved(
      account: Account,
      point: string,
      sent: readonly PartOrder[],
    ): Promise<void> {
      await until('it to be told as over', async () => {
        await account.expectExact(sent);
        return of(await account.told(), 'channel_resolved').some(({ channel }) => channel === point);
      });
      await account.expectExact(sent);
      const told = await account.told();
      const left = of(told, 'channel_closed').reduce((sum, { localMsat: each }) => sum + each, 0n);
      const home = of(told, 'coins_returned').reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
      const cost = of(told, 'channel_resolved').reduce((sum, { costMsat }) => sum + costMsat, 0n);
      assert.equal(left, home + cost, `what left the channel is home, or was its cost: ${listed(told)}`);
    }

    test('a part on a channel that was closed by force and that nobody claims comes home, and has failed once', async () => {
      const [sender, forwarder] = [await openAccount(bed, 'sender'), await openAccount(bed, 'forwarder')];
      const { order, hash } = await held();
      const point = await forceClose(lnd('sender'));
      await bed.network.mine(1);
      await cancelHeld(lnd('payee'), hash);
      await mineThrough([], [order], [lnd('sender'), lnd('forwarder')]);
      await until('the part to fail', async () => (await bed.world.sender.lookup(order)).kind === 'failed');
      await sender.expectOneEnd(order, 'part_failed');
      await expectResolved(sender, point, []);
      await expectResolved(forwarder, point, []);
      assert.equal((await bed.world.sender.balances()).onchainMsat, await coinsMsat(lnd('sender')));
    });

    for (const [who, closer] of [
      ['its own', 'sender'],
      ["its peer's", 'forwarder'],
    ] as const) {
      test(`by ${who} force-close with a part pending, which is paid on the chain, everything is explained`, async () => {
        const [sender, forwarder] = [await openAccount(bed, 'sender'), await openAccount(bed, 'forwarder')];
        const { order, preimage } = await held();
        const point = await forceClose(lnd(closer));
        await bed.network.mine(1);
        await settleHeld(lnd('payee'), preimage);
        await mineThrough([], [order], [lnd('sender'), lnd('forwarder')]);
        await until(
          'the part to settle',
          async () => (await bed.world.sender.lookup(order)).kind === 'settled',
        );
        await sender.expectOneEnd(order, 'part_settled');
        await expectResolved(sender, point, [order]);
        await expectResolved(forwarder, point, []);
        assert.equal(await localMsat(lnd('sender')), 0n);
        assert.equal((await bed.world.sender.balances()).onchainMsat, await coinsMsat(lnd('sender')));
        assert.equal((await bed.world.forwarder?.balances())?.onchainMsat, await coinsMsat(lnd('forwarder')));
      });
    }
  },
);
