import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chain, openChain } from './chain.ts';
import { merkleRoot } from './chain_block.ts';

const SOMEBODY = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-chain-'));
  file = join(folder, 'chain.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every block follows the one before it, and every coin is an output that no later input spends. */
function expectConsistent(chain: Chain): void {
  const coins = new Set<string>();
  let parent = Buffer.alloc(32);
  for (const { height, hash, header, transactions } of chain.blocksAfter(-1, chain.height + 2)) {
    expect(Buffer.from(header).subarray(4, 36)).toEqual(parent);
    expect(Buffer.from(header).subarray(36, 68)).toEqual(
      Buffer.from(merkleRoot(transactions.map((transaction) => transaction.hash))),
    );
    parent = Buffer.from(hash);
    for (const { txid, inputs, outputs } of transactions) {
      expect(chain.heightOf(txid)).toBe(height);
      for (const { spends } of inputs) coins.delete(spends);
      for (const [index, { script }] of outputs.entries())
        if (height > 0 && script[0] !== 0x6a) coins.add(`${txid}:${index}`);
    }
  }
  for (const outpoint of coins) expect(chain.coin(outpoint)?.height).toBeGreaterThan(0);
  for (const txid of chain.waitingIds()) {
    for (const { spends } of chain.waitingOf(txid)?.transaction.inputs ?? [])
      expect(chain.coin(spends)?.spentBy).toBe(txid);
  }
}

describe('a chain in a file', () => {
  it('is there again with its blocks, its coins and what waits', () => {
    const chain = openChain({ file });
    for (let block = 0; block < 101; block++) chain.mine();
    const confirmed = chain.fund(SOMEBODY, 5_000n);
    chain.mine();
    const waiting = chain.fund(SOMEBODY, 6_000n);
    const { tip } = chain;
    chain.close();

    const again = openChain({ file });
    expect(again.tip).toMatchObject({ id: tip.id, height: 102, time: tip.time });
    expect(again.coin(`${confirmed}:0`)).toMatchObject({ amountSat: 5_000n, height: 102, spentBy: null });
    expect(again.waitingIds()).toEqual([waiting]);
    expect(again.waitingOf(waiting)).toMatchObject({ feeSat: 1_000n, sinceHeight: 102 });
    expect(again.mine().transactions.map(({ txid }) => txid)).toContain(waiting);
    expectConsistent(again);
    again.close();
  });

  it('goes on spending what the faucet has, and nothing twice', () => {
    const before = openChain({ file });
    for (let block = 0; block < 102; block++) before.mine();
    before.fund(SOMEBODY, 4_999_000_000n);
    before.close();
    const chain = openChain({ file });
    chain.fund(SOMEBODY, 4_999_000_000n);
    chain.fund(SOMEBODY, 900_000n);
    expect(chain.mine().transactions).toHaveLength(4);
    expectConsistent(chain);
    chain.close();
  });

  it('opens at once, however many blocks it has', () => {
    const long = openChain({ file });
    for (let block = 0; block < 3_000; block++) long.mine();
    long.close();
    const began = performance.now();
    const chain = openChain({ file });
    expect(chain.height).toBe(3_000);
    expect(performance.now() - began).toBeLessThan(100);
    chain.close();
  });

  it('refuses a file of a newer format, and leaves it as it is', () => {
    openChain({ file }).close();
    const database = new DatabaseSync(file);
    database.exec('pragma user_version = 9');
    database.close();
    expect(() => openChain({ file })).toThrow(/has format 9/);
    expect(() => openChain({ file })).toThrow(/has format 9/);
  });
});

/** Mines, funds and replaces for ever, and tells of each transaction that was accepted. */
const RESTLESS = `
  import { writeSync } from 'node:fs';
  import { openChain } from ${JSON.stringify(new URL('./chain.ts', import.meta.url).href)};
  const chain = openChain({ file: process.argv[1] });
  while (chain.height < 101) chain.mine();
  for (;;) {
    for (let n = 0; n < 5; n++) writeSync(1, chain.fund(new Uint8Array([0, 20, ...new Uint8Array(20)]), 9000n) + '\\n');
    chain.mine();
  }
`;
const KILLS = 5;

describe('a chain whose process is killed', () => {
  it('is consistent afterwards, and knows every transaction that it had accepted', async () => {
    const accepted = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', RESTLESS, file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = '';
      child.stdout.on('data', (bytes: Buffer) => {
        told += bytes;
        if (told.length > 65 * (3 + kill * 17)) child.kill('SIGKILL');
      });
      await once(child, 'close');
      for (const txid of told.split('\n').slice(0, -1)) accepted.add(txid);
      const chain = openChain({ file });
      expectConsistent(chain);
      for (const txid of accepted) expect(chain.transaction(txid)).toBeDefined();
      chain.close();
    }
    expect(accepted.size).toBeGreaterThan(KILLS);
  });
});
