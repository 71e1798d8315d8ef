/**
 * What is done on the chain once: this process, or LND with it, is killed at each step of an opening and of a send; then
 * the same is asked for again under the same token.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshToken, sat } from '../../src/nodes/conformance/payment.ts';
import { memoryJournal } from '../../src/nodes/journal.ts';
import { connectLnd, type LndClient } from '../../src/nodes/lnd/client.ts';
import { openLnd } from '../../src/nodes/lnd/driver.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { openAccount } from './faults/account.ts';
import { addressOf, type Bed, openBed } from './faults/bed.ts';
import { mortal } from './faults/mortal.ts';
import { coinsMsat } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import { newAddress } from './net/lnd_verbs.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 240_000;
const missing = missingDaemons('lnd', 'btcd');

type Step = 'fundPsbt' | 'fundingStateStep' | 'finalizePsbt' | 'publishTransaction';
/** Killed right before the call goes out, or right after its answer has come. */
interface Boundary {
  readonly step: Step;
  readonly when: 'before' | 'after';
}
const at = (step: Step): Boundary[] => [
  { step, when: 'before' },
  { step, when: 'after' },
];

/** The same client, whose user is killed at the boundary: the call has no answer any more. */
function mortalClient(client: LndClient, { step, when }: Boundary, kill: () => void): LndClient {
  const stopAt =
    (call: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      if (when === 'after') await call(...args);
      kill();
      return new Promise(() => {});
    };
  const service = step === 'fundingStateStep' ? 'lightning' : 'wallet';
  const methods = client[service] as unknown as Record<string, (...args: never[]) => Promise<unknown>>;
  const call = methods[step];
  assert(call);
  return { ...client, [service]: { ...methods, [step]: stopAt(call) } };
}

describe.skipIf(missing !== null)(
  `what LND does on the chain${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed();
      const addresses = await Promise.all(
        Array.from({ length: 24 }, () => newAddress(bed.network.node('sender'))),
      );
      await bed.network.chain.pay(addresses.map((address) => ({ address, sat: 100_000 })));
      await bed.network.mine(1);
      await bed.world.sender.balances();
    }, PATIENCE_MS);
    afterAll(() => bed?.close(), PATIENCE_MS);

    const sender = () => bed.network.node('sender');
    type Wallet = { transactions: { tx_hash: string; num_confirmations: number }[] };
    const transactions = async (): Promise<string[]> =>
      (await sender().rest<Wallet>('GET', '/v1/transactions')).transactions.map(({ tx_hash }) => tx_hash);
    type Pending = { pending_open_channels: { channel: { channel_point: string } }[] };
    type Open = { channels: { channel_point: string }[] };
    const channels = async (): Promise<string[]> => {
      const [{ pending_open_channels }, open] = await Promise.all([
        sender().rest<Pending>('GET', '/v1/channels/pending'),
        sender().rest<Open>('GET', '/v1/channels'),
      ]);
      const all = [...pending_open_channels.map(({ channel }) => channel), ...open.channels];
      return all.map(({ channel_point }) => channel_point);
    };

    /** Has a driver begin that is killed at the boundary. */
    async function killedAt(boundary: Boundary, begin: (node: LightningNode) => Promise<unknown>) {
      const before = bed.driven('sender');
      before.die();
      const life = mortal(before.journal());
      const killed = Promise.withResolvers<void>();
      const real = connectLnd(addressOf(sender()));
      const client = mortalClient(real, boundary, () => {
        life.die();
        killed.resolve();
      });
      const failed = begin(openLnd({ client, journal: life.journal }));
      // What was not killed has ended too soon.
      await Promise.race([
        killed.promise,
        failed.then((answer) => assert.fail(`not killed: ${inspect(answer)}`)),
      ]);
      real.close();
    }

    async function answered<Answer extends { kind: string }>(
      ask: (node: LightningNode) => Promise<Answer>,
    ): Promise<Answer> {
      return until('an answer', () => ask(bed.world.sender).catch(() => null));
    }

    for (const who of ['driver', 'LND'] as const) {
      const opening = [
        ...at('fundPsbt'),
        ...at('fundingStateStep'),
        ...at('finalizePsbt'),
        ...at('publishTransaction'),
      ];
      for (const boundary of opening) {
        test(`opens one channel though the ${who} is killed ${boundary.when} ${boundary.step}`, async () => {
          const account = await openAccount(bed, 'sender');
          const [known, moved] = [await channels(), await transactions()];
          const peer = (await bed.driven('forwarder').node.info()).pubkey;
          const amounts = { capacityMsat: sat(60_000), pushMsat: sat(0) };
          const order = { token: freshToken(), peer, ...amounts, private: false, feeRateSatPerVb: 2 };
          const open = async (node: LightningNode) => {
            const { open: facet } = node.facets;
            assert(facet);
            return facet.open(order);
          };
          await killedAt(boundary, open);
          if (who === 'LND') await bed.killed('sender');
          bed.replace('sender');
          await account.expectExact();
          const answer = await answered(open);
          assert(answer.kind === 'opened', inspect(answer));
          const isActive = async () =>
            (await bed.world.sender.channels()).some(({ id, active }) => id === answer.channel && active);
          await bed.world.eventually('the channel to be active', isActive);
          assert.deepEqual(await open(bed.world.sender), answer);
          const opened = (await channels()).filter((point) => !known.includes(point));
          assert.deepEqual(opened, [answer.channel]);
          const made = (await transactions()).filter((txid) => !moved.includes(txid));
          assert.deepEqual(made, [answer.channel.split(':')[0]]);
          await account.expectExact();
        });
      }

      const sending = [...at('fundPsbt'), ...at('finalizePsbt'), ...at('publishTransaction')];
      for (const boundary of sending) {
        test(`sends coins once though the ${who} is killed ${boundary.when} ${boundary.step}`, async () => {
          const account = await openAccount(bed, 'sender');
          const moved = await transactions();
          const before = await coinsMsat(sender());
          const address = await newAddress(bed.network.node('second'));
          const order = { token: freshToken(), address, amountMsat: sat(20_000), feeRateSatPerVb: 2 };
          await killedAt(boundary, (node) => node.sendOnchain(order));
          if (who === 'LND') await bed.killed('sender');
          bed.replace('sender');
          await account.expectExact();
          const answer = await answered((node) => node.sendOnchain(order));
          assert(answer.kind === 'sent', inspect(answer));
          await bed.world.eventually(
            'its block',
            async () => ((await bed.world.sender.confirmations(answer.txid)) ?? 0) > 0,
          );
          assert.deepEqual(await bed.world.sender.sendOnchain(order), answer);
          const made = (await transactions()).filter((txid) => !moved.includes(txid));
          assert.deepEqual(made, [answer.txid]);
          assert.equal(await coinsMsat(sender()), before - sat(20_000) - answer.feeMsat);
          await account.expectExact();
        });
      }
    }

    test('knows what it has done by its label where its journal was lost', async () => {
      const address = await newAddress(bed.network.node('second'));
      const order = { token: freshToken(), address, amountMsat: sat(20_000), feeRateSatPerVb: 2 };
      const peer = (await bed.driven('forwarder').node.info()).pubkey;
      const amounts = { capacityMsat: sat(60_000), pushMsat: sat(0) };
      const opening = { token: freshToken(), peer, ...amounts, private: false };
      const sent = await bed.world.sender.sendOnchain(order);
      const opened = await bed.world.sender.facets.open?.open(opening);
      assert(sent.kind === 'sent' && opened?.kind === 'opened', inspect([sent, opened]));
      const [moved, known] = [await transactions(), await channels()];
      const forgetful = openLnd({
        client: connectLnd(addressOf(sender())),
        journal: memoryJournal(),
      });
      assert.deepEqual(await forgetful.sendOnchain(order), sent);
      assert.deepEqual(await forgetful.facets.open?.open(opening), opened);
      await forgetful.stop();
      assert.deepEqual(await transactions(), moved);
      assert.deepEqual((await channels()).sort(), known.sort());
    });
  },
);
