/** What happens while the driver or LND is away is told, once; and what happens behind the driver's back is seen. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { openJournal } from '../../src/fleet/journal.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { bill, orderOf, sat } from '../../src/nodes/conformance/payment.ts';
import { LndError } from '../../src/nodes/lnd/call.ts';
import { connectLnd } from '../../src/nodes/lnd/client.ts';
import { openLnd } from '../../src/nodes/lnd/driver.ts';
import type { NodeEvent } from '../../src/nodes/node.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { of, openAccount } from './faults/account.ts';
import { addressOf, type Bed, keptInMemory, openBed, watchAll } from './faults/bed.ts';
import { forwardFees, hangingHtlcs, localMsat, newHold, paidMsat, settleHeld } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import { invoice, openChannels, pay } from './net/lnd_verbs.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 240_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `LND's events through faults${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    let db: TestDatabase;
    beforeAll(async () => {
      db = await freshDatabase();
      const inDatabase = (name: string) => () => openJournal(db, nodeId(name));
      bed = await openBed({
        sender: inDatabase('sender'),
        second: inDatabase('second'),
        forwarder: inDatabase('forwarder'),
        payee: inDatabase('payee'),
      });
    }, PATIENCE_MS);
    afterAll(async () => {
      await bed?.close();
      await db?.close();
    }, PATIENCE_MS);
    const lnd = (name: 'sender' | 'payee' | 'forwarder' | 'second') => bed.network.node(name);
    /** By strangers: nobody's driver is asked. */
    const strangersPay = async (amount: number, from: 'sender' | 'second' = 'second') =>
      pay(lnd(from), await invoice(lnd('payee'), amount));
    afterEach(() => {
      for (const { resume } of bed.network.nodes) resume();
    });
    const allFree = () =>
      until('no HTLC to hang', async () =>
        (await Promise.all(bed.network.nodes.map(hangingHtlcs))).every((count) => count === 0),
      );

    /** LND writes its forwards down every 15 s. */
    const untilWritten = (feeMsat: bigint) =>
      until(
        'LND to write its forwards down',
        async () => (await forwardFees(lnd('forwarder'))).at(-1) === feeMsat,
      );

    test('what is received, forwarded, mined and changed while the driver is away is told once', async () => {
      const [payee, forwarder] = [await openAccount(bed, 'payee'), await openAccount(bed, 'forwarder')];
      for (const name of ['payee', 'forwarder'] as const) await bed.driven(name).node.stop();
      const fees = [await strangersPay(1_100), await strangersPay(1_200), await strangersPay(1_300)];
      await bed.network.mine(2);
      await allFree();
      for (const name of ['payee', 'forwarder'] as const) bed.replace(name);
      await payee.expectExact();
      assert.deepEqual(
        of(await payee.told(), 'invoice_settled').map(({ receivedMsat }) => receivedMsat),
        [1_100, 1_200, 1_300].map(sat),
      );
      const height = await bed.network.chain.height();
      assert.equal(of(await payee.told(), 'block').at(-1)?.height, height);
      // LND writes its forwards down within 15 s.
      await until('the forwards', async () => of(await forwarder.told(), 'forwarded').length === 3);
      assert.deepEqual(
        of(await forwarder.told(), 'forwarded').map(({ feeMsat }) => feeMsat as bigint),
        fees.map(({ feeMsat }) => feeMsat),
      );
      await forwarder.expectExact();
    });

    test('streams go on once LND is back: what it did before it was killed is told once, and so is what comes after', async () => {
      const [payee, forwarder] = [await openAccount(bed, 'payee'), await openAccount(bed, 'forwarder')];
      const before = await strangersPay(2_100);
      await allFree();
      // Within the 15 s in which LND's own history forgets a forward when it is killed: the stream has told it.
      await until('the forward', async () => of(await forwarder.told(), 'forwarded').length === 1);
      await bed.killed('forwarder');
      await bed.killed('payee');
      const after = await until('a payment over both', () => strangersPay(2_200));
      await allFree();
      await until('the second forward', async () => of(await forwarder.told(), 'forwarded').length === 2);
      await payee.expectExact();
      await forwarder.expectExact();
      assert.deepEqual(
        of(await forwarder.told(), 'forwarded').map(({ feeMsat }) => feeMsat as bigint),
        [before.feeMsat, after.feeMsat],
      );
      // And not once more when LND's history has it, too.
      await untilWritten(after.feeMsat);
      assert.equal(of(await forwarder.told(), 'forwarded').length, 2);
      await forwarder.expectExact();
      assert.equal(of(await payee.told(), 'invoice_settled').length, 2);
    });

    test('a forward is lost only if driver and LND both die before LND has written it; the proof shows its fee', async () => {
      const forwarder = await openAccount(bed, 'forwarder');
      bed.driven('forwarder').die();
      const { feeMsat } = await strangersPay(2_300);
      await allFree();
      await bed.killed('forwarder');
      bed.replace('forwarder');
      const next = await until('a payment', () => strangersPay(2_400));
      await allFree();
      await untilWritten(next.feeMsat);
      const told = of(await forwarder.told(), 'forwarded').map((event) => event.feeMsat as bigint);
      const lost = told.length === 1 ? feeMsat : 0n;
      const now = await bed.driven('forwarder').node.balances();
      if (lost === 0n) return forwarder.expectExact([], now).then(() => undefined);
      await assert.rejects(forwarder.expectExact([], now));
      const dropped = { ...now, channelsMsat: (now.channelsMsat - lost) as typeof now.channelsMsat };
      await forwarder.expectExact([], dropped);
    });

    test('a settled HTLC that hangs because its peer is gone is counted once, by the next driver as well', async () => {
      const payee = await openAccount(bed, 'payee');
      const { hash, preimage, bolt11 } = await newHold(lnd('payee'), sat(3_300));
      const paying = pay(lnd('second'), bolt11);
      paying.catch(() => undefined); // awaited below
      await until('it to be held', async () => (await hangingHtlcs(lnd('payee'))) === 1);
      lnd('forwarder').pause();
      await settleHeld(lnd('payee'), preimage);
      await until('it to be told', async () => {
        return of(await payee.told(), 'invoice_settled').some(({ paymentHash }) => paymentHash === hash);
      });
      assert.equal(await hangingHtlcs(lnd('payee')), 1);
      await payee.expectExact();
      bed.replace('payee');
      await payee.expectExact();
      lnd('forwarder').resume();
      await paying;
      await allFree();
      await payee.expectExact();
    });

    test('a forward is counted once though one of its halves hangs because that peer is gone, by the next driver as well', async () => {
      for (const gone of ['second', 'payee'] as const) {
        const forwarder = await openAccount(bed, 'forwarder');
        const { preimage, bolt11 } = await newHold(lnd('payee'), sat(3_400));
        const paying = pay(lnd('second'), bolt11);
        paying.catch(() => undefined); // awaited below
        await until('it to be held', async () => (await hangingHtlcs(lnd('payee'))) === 1);
        if (gone === 'second') lnd('second').pause();
        await settleHeld(lnd('payee'), preimage);
        if (gone === 'payee') lnd('payee').pause();
        await until('it to be told', async () => {
          if (of(await forwarder.told(), 'forwarded').length === 1) return true;
          // LND answers before the preimage has left: stopped too early, it goes on for a moment.
          if (gone === 'payee') lnd('payee').resume();
          await sleep(20);
          if (gone === 'payee') lnd('payee').pause();
          return false;
        });
        await forwarder.expectExact();
        await untilWritten(of(await forwarder.told(), 'forwarded')[0]?.feeMsat ?? 0n);
        bed.replace('forwarder');
        await forwarder.expectExact();
        lnd(gone).resume();
        await paying;
        await allFree();
        await forwarder.expectExact();
      }
    });

    test('of two drivers of one node the older is overtaken and says so; every event is there once', async () => {
      const account = await openAccount(bed, 'payee');
      const older = bed.driven('payee').node;
      const subscription = older.subscribe(null, async () => undefined);
      const younger = bed.open('payee');
      await younger.node.balances();
      for (const amount of [1_010, 1_020, 1_030]) await strangersPay(amount);
      await allFree();
      const heard = of(await told(younger.node), 'invoice_settled').slice(-3);
      assert.deepEqual(
        heard.map(({ receivedMsat }) => receivedMsat),
        [1_010, 1_020, 1_030].map(sat),
      );
      assert.match(String(await subscription.ended), /another process drives this node/);
      bed.adopt('payee', younger);
      await account.expectExact();
    });
    const told = async (node: Bed['world']['payee']): Promise<readonly NodeEvent[]> => {
      const watch = watchAll(bed.world, node);
      const events = await watch.upTo((await node.balances()).cursor);
      await watch.stop();
      return events;
    };

    test('a payment behind its back is told at exactly what it cost, and so is money received', async () => {
      const [sender, payee] = [await openAccount(bed, 'sender'), await openAccount(bed, 'payee')];
      const truth = await localMsat(lnd('sender'));
      const { feeMsat } = await strangersPay(4_000, 'sender');
      await allFree();
      const began = performance.now();
      const now = await bed.world.sender.balances();
      assert(performance.now() - began < 5_000, 'it answers in time');
      const cost = sat(4_000) + feeMsat;
      await sender.expectExact([], now);
      assert.equal(await localMsat(lnd('sender')), truth - cost);
      await payee.expectExact();
    });

    test('a macaroon without offchain:write sends nothing, and says what is missing; the rest goes on', async () => {
      const macaroon = await lnd('sender').bake(
        [
          ['info', 'read'],
          ['offchain', 'read'],
          ['onchain', 'read'],
          ['invoices', 'read'],
          ['invoices', 'write'],
          ['address', 'read'],
        ].map(([entity = '', action = '']) => ({ entity, action })),
      );
      const before = await localMsat(lnd('sender'));
      const owed = await bill(bed.world, sat(1_000));
      const order = await orderOf(bed.world, bed.world.sender, owed, sat(1_000));
      const limited = bed.open('sender', keptInMemory(), macaroon);
      const answer = await limited.node.sendPart(order);
      assert(answer.kind === 'refused' && /permission denied/.test(answer.detail), JSON.stringify(answer));
      const { channels } = { channels: await limited.node.channels() };
      const [channel] = channels;
      assert(channel);
      const closed = await limited.node.facets.close?.close({ channel: channel.id, force: false });
      assert(closed?.kind === 'refused' && /permission denied/.test(closed.detail), JSON.stringify(closed));
      assert.equal((await limited.node.info()).pubkey, lnd('sender').pubkey);
      assert((await limited.node.balances()).channelsMsat > 0n);
      assert.equal(await localMsat(lnd('sender')), before);
      assert.equal(await paidMsat(lnd('payee'), owed.paymentHash), 0n);
      await limited.node.stop();
    });

    test('a certificate that is not pinned is refused by every verb, which says so', async () => {
      const stranger = { ...addressOf(lnd('sender')), certificates: [lnd('second').certPem] };
      const node = openLnd({ client: connectLnd(stranger), journal: keptInMemory()() });
      for (const verb of [node.info, node.balances, node.channels, node.pendingHtlcs]) {
        await assert.rejects(
          verb(),
          (error) => error instanceof LndError && /not pinned/.test(error.message),
        );
      }
      await node.stop();
    });

    test('channels that open and close while the driver is away are explained', async () => {
      const account = await openAccount(bed, 'sender');
      await bed.driven('sender').node.stop();
      await openChannels(lnd('sender'), [{ to: lnd('forwarder'), capacitySat: 150_000, pushSat: 30_000 }]);
      await bed.network.mine(3);
      bed.replace('sender');
      await account.expectExact();
      const [opened] = of(await account.told(), 'channel_opened');
      assert(opened);
      await bed.driven('sender').node.stop();
      const [txid, index] = opened.channel.split(':');
      await until('the channel to be active', async () => {
        const { channels } = await lnd('sender').rest<{ channels: { channel_point: string }[] }>(
          'GET',
          '/v1/channels?active_only=true',
        );
        return channels.some(({ channel_point }) => channel_point === opened.channel);
      });
      const closing = lnd('sender')
        .rest('DELETE', `/v1/channels/${txid}/${index}`)
        .catch(() => undefined);
      await until('the closing', async () => (await bed.network.chain.mempool()).length > 0);
      await bed.network.mine(6);
      await closing;
      bed.replace('sender');
      await until('all to be told', async () => {
        await bed.world.sender.balances();
        return of(await account.told(), 'channel_resolved').length === 1;
      });
      await account.expectExact();
      assert.equal(of(await account.told(), 'coins_returned').length, 1);
    });
  },
);
