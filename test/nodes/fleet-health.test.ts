/** A fleet of real LND nodes, two of them on a btcd of their own: one stops at a height, the other goes astray. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { openJournal } from '../../src/fleet/journal.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { openNode } from '../../src/nodes/open.ts';
import { type Argosy, createArgosy, type Node } from '../../src/sdk/index.ts';
import { openSystem, type System } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/well.ts';
import { missingDaemons } from './net/daemons.ts';
import { type FleetName, startFleetNetwork } from './net/fleet_network.ts';
import { invoice } from './net/lnd_verbs.ts';
import type { Network } from './net/network.ts';

const missing = missingDaemons('lnd', 'btcd');
const STEP_MS = 60_000;
const OWN = ['us', 'eu', 'asia'] as const;
/** Longer than the nodes need to hear of a block. */
const PATIENCE = { behindMs: 2_000, forkedMs: 2_000, disputedMs: 600_000, quietMs: 600_000 };

describe.skipIf(missing !== null)(
  `the health of real nodes${missing === null ? '' : ` (${missing})`}`,
  () => {
    let network: Network<FleetName>;
    let db: TestDatabase;
    let own: OwnNode[] = [];
    let system: System;
    let argosy: Argosy;

    beforeAll(async () => {
      [network, db] = await Promise.all([
        startFleetNetwork({ ownChains: { eu: 'btcd', asia: 'btcd' } }),
        freshDatabase(),
      ]);
      own = OWN.map((name) => {
        const id = nodeId(name);
        const { host, rpcPort, certPem, adminMacaroonHex } = network.node(name);
        const credentials = {
          address: `${host}:${rpcPort}`,
          certificates: [certPem],
          macaroon: adminMacaroonHex,
        };
        const node = openNode({ kind: 'lnd', credentials, journal: openJournal(db, id) });
        return { id, region: name, driver: 'lnd', node };
      });
      const key = newSecret();
      await db.tx((tx) => ensureOwner(tx, systemClock, key));
      system = await openSystem({
        db,
        clock: systemClock,
        log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
        network: 'regtest',
        nodes: own,
        chainPatience: PATIENCE,
      });
      const fetch = async (url: string | URL | Request, init?: RequestInit) =>
        system.api.request(String(url), init);
      argosy = createArgosy({ api: 'http://argosy.test', key, fetch: fetch as typeof globalThis.fetch });
    }, STEP_MS);
    afterAll(async () => {
      await system?.stop();
      await Promise.all(own.map(({ node }) => node.stop()));
      await db?.close();
      await network?.stop();
    }, STEP_MS);

    const node = async (id: string): Promise<Node> =>
      (await argosy.nodes()).find((each) => each.id === id) ?? expect.unreachable(id);
    const becomes = (id: string, state: Node['state']): Promise<Node> =>
      eventually(
        `${id} is ${state}`,
        async () => {
          const found = await node(id);
          return found.state === state && found;
        },
        STEP_MS,
      );
    const payer = async (): Promise<string | null | undefined> => {
      const asked = await invoice(network.node('merchant'), 5_000);
      const payment = await argosy.payAndWait({ invoice: asked });
      expect(payment.state).toBe('settled');
      return payment.attempts.at(-1)?.node;
    };

    it(
      'is well at first: one newest block, peers, and the cheapest node pays',
      async () => {
        for (const id of OWN) expect(await becomes(id, 'up')).toMatchObject({ problems: [] });
        await eventually(
          'one tip',
          async () => new Set((await argosy.nodes()).map((each) => each.block_hash)).size === 1,
        );
        expect((await argosy.nodes()).every(({ peers }) => (peers ?? 0) > 0)).toBe(true);
        expect(await payer()).toBe('eu');
      },
      STEP_MS,
    );

    it(
      'a btcd that stops at a height drains its node, the others pay, and it is resumed when it follows again',
      async () => {
        await network.node('eu').chain.leave();
        await network.mine(3);
        const eu = await becomes('eu', 'drained');
        expect(eu.problems[0]?.text).toMatch(/its chain stands at block \d+, 3 behind the other nodes/);
        expect(await payer()).not.toBe('eu');
        const asked = await argosy.invoice({ amount_msat: '5000000', region: 'eu' });
        expect(asked.node).not.toBe('eu');
        await network.node('eu').chain.follow(network.chain);
        await becomes('eu', 'up');
        expect(await payer()).toBe('eu');
      },
      2 * STEP_MS,
    );

    it(
      'a btcd that follows another chain drains its node, though it is at no lower height',
      async () => {
        const { chain } = network.node('asia');
        await chain.leave();
        await chain.mine(2);
        await network.mine(2);
        const asia = await becomes('asia', 'drained');
        expect(asia.problems[0]?.text).toMatch(/its block \d+ is another than that of us and eu/);
        expect(await payer()).not.toBe('asia');
        // One block more, so that there is a reason to follow.
        await network.mine(1);
        await chain.follow(network.chain);
        await becomes('asia', 'up');
      },
      2 * STEP_MS,
    );

    it(
      'a daemon that dies takes nobody with it, and is used again when it is back',
      async () => {
        await network.node('eu').kill();
        expect((await becomes('eu', 'down')).problems[0]?.code).toMatch(/silent|stream_ended/);
        expect(await payer()).not.toBe('eu');
        await network.node('eu').start();
        await becomes('eu', 'up');
        await eventually(
          'the books balance',
          async () => (await argosy.checkBooks()).difference_msat === '0',
        );
      },
      2 * STEP_MS,
    );
  },
);
