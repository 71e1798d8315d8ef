/** Coins: addresses, and sends that happen once. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import { freshToken, sat } from './payment.ts';
import { watchNow } from './watch.ts';
import type { Case, World } from './world.ts';

const coins = async (world: World): Promise<bigint> => (await world.sender.balances()).onchainMsat;

export const chainCases: readonly Case[] = [
  {
    name: 'gives a fresh address every time',
    async run({ sender }) {
      const [one, two] = [await sender.address(), await sender.address()];
      assert(one.length > 0 && one !== two);
    },
  },
  {
    name: 'sends coins once for one token, however often it is asked',
    async run(world) {
      const { sender, payee } = world;
      const before = await coins(world);
      const order = {
        token: freshToken(),
        address: await payee.address(),
        amountMsat: sat(20_000),
        feeRateSatPerVb: 2,
      };
      const first = await sender.sendOnchain(order);
      assert(first.kind === 'sent', inspect(first));
      assert.match(first.txid, /^[0-9a-f]{64}$/);
      assert(first.feeMsat > 0n && first.feeMsat % MSAT_PER_SAT === 0n, `a fee of ${first.feeMsat} msat`);
      const after = before - order.amountMsat - first.feeMsat;
      await world.eventually('the coins to leave', async () => (await coins(world)) === after);
      assert.deepEqual(await sender.sendOnchain(order), first);
      assert.deepEqual(await Promise.all([sender.sendOnchain(order), sender.sendOnchain(order)]), [
        first,
        first,
      ]);
      assert.equal(await coins(world), after);
    },
  },
  {
    name: 'tells of coins that leave, with their fee, and of coins that come',
    async run(world) {
      const { sender, payee } = world;
      const [left, came] = [await watchNow(world, sender), await watchNow(world, payee)];
      const address = await payee.address();
      const order = { token: freshToken(), address, amountMsat: sat(15_000), feeRateSatPerVb: 2 };
      const sent = await sender.sendOnchain(order);
      assert(sent.kind === 'sent', inspect(sent));
      const isIt = (event: { readonly txid: string }) => event.txid === sent.txid;
      const gone = await left.until('the coins to be gone', 'coins_moved', isIt);
      assert.equal(gone.amountMsat, -order.amountMsat - sent.feeMsat);
      assert.equal(gone.feeMsat, sent.feeMsat);
      const here = await came.until('the coins to be there', 'coins_moved', isIt);
      assert.equal(here.amountMsat, order.amountMsat);
      await world.eventually('a block', async () => ((await sender.confirmations(sent.txid)) ?? 0) > 0);
      assert.equal(await sender.confirmations('ab'.repeat(32)), null);
      await Promise.all([left.stop(), came.stop()]);
    },
  },
  {
    name: 'sends coins twice for two tokens',
    async run(world) {
      const address = await world.payee.address();
      const before = await coins(world);
      const answers = [];
      for (let sent = 0; sent < 2; sent += 1) {
        const order = { token: freshToken(), address, amountMsat: sat(10_000), feeRateSatPerVb: 2 };
        answers.push(await world.sender.sendOnchain(order));
      }
      const [one, two] = answers;
      assert(one?.kind === 'sent' && two?.kind === 'sent', inspect(answers));
      assert.notEqual(one.txid, two.txid);
      const after = before - sat(20_000) - one.feeMsat - two.feeMsat;
      await world.eventually('the coins to leave', async () => (await coins(world)) === after);
    },
  },
  {
    name: 'refuses to send coins that it does not have, and to what is no address',
    async run(world) {
      const { sender, payee } = world;
      const before = await coins(world);
      const order = { token: freshToken(), address: await payee.address(), feeRateSatPerVb: 2 };
      const beyond = msat((before / MSAT_PER_SAT) * MSAT_PER_SAT + MSAT_PER_SAT);
      const poor = await sender.sendOnchain({ ...order, amountMsat: beyond });
      assert.equal(poor.kind === 'refused' && poor.reason, 'insufficient_funds');
      const lost = await sender.sendOnchain({
        ...order,
        token: freshToken(),
        address: 'nowhere',
        amountMsat: sat(1_000),
      });
      assert.equal(lost.kind === 'refused' && lost.reason, 'bad_address');
      assert.equal(await coins(world), before);
      const less = await sender.sendOnchain({ ...order, amountMsat: sat(1_000) });
      assert.deepEqual(less, poor, 'an answer is final');
      assert.equal(await coins(world), before);
    },
  },
];
