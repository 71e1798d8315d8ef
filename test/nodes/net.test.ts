/** The networks that tests of real nodes stand on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesIn } from '../support/processes.ts';
import { type ConformanceName, startConformanceNetwork } from './net/conformance_network.ts';
import { missingDaemons } from './net/daemons.ts';
import { activeChannels, confirmedSat, invoice, knownChannels, pay } from './net/lnd_verbs.ts';
import { type Network, startNetwork } from './net/network.ts';
import { restAt } from './net/rest.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 90_000;
const noLnd = missingDaemons('lnd', 'btcd');
const noBitcoind = missingDaemons('lnd', 'bitcoind');

const isGone = (folder: string): boolean => !existsSync(folder) && processesIn(folder).length === 0;

describe.skipIf(noLnd !== null)(
  `a network of real LND nodes${noLnd === null ? '' : `: ${noLnd}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let net: Network<ConformanceName>;
    beforeAll(async () => {
      net = await startConformanceNetwork();
    }, PATIENCE_MS);
    afterAll(() => net?.stop(), PATIENCE_MS);

    const payPayee = async (sat: number) => pay(net.node('sender'), await invoice(net.node('payee'), sat));

    test('comes up with what the conformance suite asks for', async () => {
      expect(await confirmedSat(net.node('sender'))).toBeGreaterThanOrEqual(1_000_000);
      expect((await payPayee(300_000)).feeMsat).toBe(76_000n);
      const bolt11 = await invoice(net.node('payee'), 300_000);
      expect((await pay(net.node('second'), bolt11)).feeMsat).toBe(76_000n);
    });

    test('a node that is killed comes back as itself, and forwards again', async () => {
      const { pubkey, rest, ...forwarder } = net.node('forwarder');
      await forwarder.kill('SIGKILL');
      expect(net.node('forwarder').pid).toBeNull();
      await forwarder.start();
      expect(await rest('GET', '/v1/getinfo')).toMatchObject({ identity_pubkey: pubkey });
      await until('its channels', async () => (await activeChannels(net.node('forwarder'))).length === 3);
      await until('a payment over it', () => payPayee(1_000));
    });

    test('newcomers get channels while a node is down, also one that nobody else knows of', async () => {
      const down = await net.join('down');
      await down.stop();
      const newcomer = await net.join('newcomer');
      await net.open([
        { from: 'sender', to: 'newcomer', capacitySat: 400_000 },
        { from: 'sender', to: 'newcomer', capacitySat: 300_000, pushSat: 100_000, private: true },
      ]);
      const known = await knownChannels(net.node('second'), 'all');
      expect(known).toHaveLength(4);
      const { feeMsat } = await pay(net.node('second'), await invoice(newcomer, 10_000));
      expect(feeMsat).toBe(7_000n);
    });

    test('a macaroon may do what it was baked for, and no more', async () => {
      const sender = net.node('sender');
      const macaroon = await sender.bake([{ entity: 'info', action: 'read' }]);
      const limited = restAt(sender.restPort, sender.certPath, () => macaroon);
      expect(await limited('GET', '/v1/getinfo')).toMatchObject({ identity_pubkey: sender.pubkey });
      await expect(limited('POST', '/v1/invoices', { value: '1' })).rejects.toThrow('permission denied');
    });

    test('a paused chain holds up what asks for its height; then all goes on', async () => {
      const { height } = await net.chain.tip();
      const bolt11 = await invoice(net.node('payee'), 2_000);
      net.chain.pause();
      const asked = pay(net.node('sender'), bolt11);
      const first = await Promise.race([
        asked,
        net
          .node('payee')
          .rest('GET', '/v1/channels')
          .then(() => 'others'),
      ]);
      expect(first).toBe('others');
      net.chain.resume();
      expect((await asked).feeMsat).toBe(1_500n);
      await net.mine(1);
      expect(await net.chain.height()).toBe(height + 1);
    });

    test('a new certificate is another one, of the same node', async () => {
      const second = net.node('second');
      const before = second.certPem;
      await second.renewCertificate();
      expect(second.certPem).not.toBe(before);
      expect(await second.rest('GET', '/v1/getinfo')).toMatchObject({ identity_pubkey: second.pubkey });
    });

    test('a wallet with a seed is locked after a start until it is unlocked', async () => {
      const late = await net.join('late', { wallet: 'seed' });
      await late.stop();
      await late.start({ unlock: false });
      const stateOf = restAt(late.restPort, late.certPath, () => null);
      expect(await stateOf('GET', '/v1/state')).toEqual({ state: 'LOCKED' });
      await late.unlock();
      expect(await late.rest('GET', '/v1/getinfo')).toMatchObject({ identity_pubkey: late.pubkey });
      await late.stop();
    });

    test('a chain daemon falls behind, catches up, forks', async () => {
      const other = await net.startChain('btcd', 'other');
      await other.follow(net.chain);
      const node = await net.join('lonely', { chain: other });
      await other.leave();
      const { height } = await other.tip();
      await net.mine(2);
      expect(await node.rest('GET', '/v1/getinfo')).toMatchObject({ block_height: height });
      await other.follow(net.chain);
      expect(await other.tip()).toEqual(await net.chain.tip());
      await other.leave();
      await Promise.all([net.chain.mine(1), other.mine(1)]);
      const [here, there] = [await net.chain.tip(), await other.tip()];
      expect(here.height).toBe(there.height);
      expect(here.hash).not.toBe(there.hash);
    });

    test('nothing is left of a network that has stopped', async () => {
      const { folder } = net;
      expect(processesIn(folder).length).toBeGreaterThanOrEqual(6);
      await net.stop();
      expect(isGone(folder)).toBe(true);
    });

    test('nothing is left of a network whose owner was killed', async () => {
      const library = new URL('net/network.ts', import.meta.url).href;
      const script = `
      const { startNetwork } = await import(${JSON.stringify(library)});
      const { folder, chain } = await startNetwork({ nodes: { one: {} }, channels: [] });
      chain.pause();
      console.log(folder);
      setInterval(() => {}, 1000);`;
      const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(owner.stdout, 'data');
      const folder = String(line).trim();
      expect(processesIn(folder)).toHaveLength(2);
      owner.kill('SIGKILL');
      await until('all to be gone', async () => isGone(folder));
    });
  },
);

describe.skipIf(noBitcoind !== null)(
  `LND nodes on a bitcoind${noBitcoind === null ? '' : `: ${noBitcoind}`}`,
  { timeout: PATIENCE_MS },
  () => {
    test('open a channel and pay over it', async () => {
      const net = await startNetwork({
        chain: 'bitcoind',
        nodes: { one: {}, two: {} },
        channels: [{ from: 'one', to: 'two', capacitySat: 1_000_000 }],
      });
      try {
        const paid = await pay(net.node('one'), await invoice(net.node('two'), 5_000));
        expect(paid.feeMsat).toBe(0n);
      } finally {
        await net.stop();
      }
      expect(isGone(net.folder)).toBe(true);
    });
  },
);
