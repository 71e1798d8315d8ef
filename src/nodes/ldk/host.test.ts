import { afterEach, describe, expect, it } from 'vitest';
import { type LdkHost, startLdkHost } from './host.ts';

const GENESIS = '06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f';
const options = {
  network: 'regtest' as const,
  nodes: [{ name: 'alone', seedHex: '07'.repeat(32), alias: 'alone' }],
  startingPoint: { height: 0, hash: Buffer.from(GENESIS, 'hex') },
  broadcast: () => {},
};

const started: LdkHost[] = [];
async function start(): Promise<LdkHost> {
  const host = await startLdkHost(options);
  started.push(host);
  return host;
}
afterEach(() => Promise.all(started.splice(0).map((host) => host.stop())));

describe('a host of LDK nodes', () => {
  it('refuses every network but regtest', async () => {
    for (const network of ['bitcoin', 'testnet', 'signet'] as const)
      await expect(startLdkHost({ ...options, network })).rejects.toThrow(/regtest only/);
  });

  it('gives the same node for the same seed', async () => {
    const [one, other] = [await start(), await start()];
    expect(one.pubkey('alone')).toBe(other.pubkey('alone'));
    expect((await one.node('alone').info()).pubkey).toBe(one.pubkey('alone'));
  });

  it('names a node that it does not have', async () => {
    const host = await start();
    expect(() => host.node('nobody')).toThrow(/nobody/);
  });

  it('rejects everything that waits when the worker dies, and says why', async () => {
    const host = await start();
    const node = host.node('alone');
    const subscription = node.subscribe(null, async () => {});
    await node.info();
    // LDK panics on a block that does not follow the last one.
    host.connectBlock({ height: 1, header: new Uint8Array(80), transactions: [] });
    await expect(node.balances()).rejects.toThrow(/worker/);
    expect(await host.ended).toBeInstanceOf(Error);
    expect(await subscription.ended).toBeInstanceOf(Error);
    await expect(node.info()).rejects.toThrow(/worker/);
    await subscription.stop();
  });

  it('has a dead node reject every call, while its stream waits, and answers again when it is well', async () => {
    const host = await start();
    const node = host.node('alone');
    const events: string[] = [];
    const subscription = node.subscribe(null, async (batch) => {
      events.push(...batch.map((event) => event.kind));
    });
    await host.setFault('alone', { kind: 'dies' });
    await expect(node.info()).rejects.toThrow('alone does not answer: it has died');
    await expect(node.balances()).rejects.toThrow(/died/);
    expect((await host.knowledge()).channels).toBe(0);
    await host.setFault('alone', null);
    expect((await node.info()).blockHeight).toBe(0);
    await subscription.stop();
    expect(await subscription.ended).toBeNull();
    expect(events).toEqual([]);
  });

  it('has a slow node do each call later, and one that is cut off at once', async () => {
    const host = await start();
    const node = host.node('alone');
    const took = async (): Promise<number> => {
      const began = performance.now();
      await node.info();
      return performance.now() - began;
    };
    await host.setFault('alone', { kind: 'slow', delayMs: 400 });
    expect(await took()).toBeGreaterThanOrEqual(390);
    const waiting = node.info();
    await host.setFault('alone', { kind: 'dies' });
    await expect(waiting).rejects.toThrow(/died/);
    await host.setFault('alone', { kind: 'cut-off' });
    expect((await node.info()).alias).toBe('alone');
  });

  it('breaks no node that it does not have', async () => {
    const host = await start();
    await expect(host.setFault('nobody', { kind: 'dies' })).rejects.toThrow(/nobody/);
  });

  it('ends without an error when it is stopped, and answers nothing more', async () => {
    const host = await start();
    await host.stop();
    expect(await host.ended).toBeNull();
    await expect(host.node('alone').info()).rejects.toThrow(/stopped/);
  });

  it('refuses a gap between blocks before a node can fall over it', async () => {
    const host = await start();
    const block = { height: 3, header: new Uint8Array(80), transactions: [] };
    expect(() => host.connectBlock(block)).toThrow(/hand them 1 next/);
  });

  it('tells a caller who wants a stranger as peer what is possible', async () => {
    const host = await start();
    const stranger = host.pubkey('alone');
    await expect(host.node('alone').connect(stranger, '')).rejects.toThrow(/host:port/);
    await expect(host.node('alone').connect(stranger, '127.0.0.1:1')).rejects.toThrow(/cannot be reached/);
  });
});
