/** Connecting a real LND, as its operator does it: at the command line, to a running Argosy with an own fleet. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS } from '../../src/nodes/lnd/permissions.ts';
import { createArgosy } from '../../src/sdk/index.ts';
import { type Ran, runCli } from '../support/cli.ts';
import { freshDatabase, type TestDatabase, urlOf } from '../support/database.ts';
import { launchProduct, type Product } from '../support/product.ts';
import { eventually } from '../support/well.ts';
import { missingDaemons } from './net/daemons.ts';
import type { Lnd } from './net/lnd.ts';
import { invoice } from './net/lnd_verbs.ts';
import { type Network, startNetwork } from './net/network.ts';

const missing = missingDaemons('lnd', 'btcd');
const STEP_MS = 60_000;

describe.skipIf(missing !== null)(`connecting a real LND${missing === null ? '' : ` (${missing})`}`, () => {
  let network: Network;
  let us: Lnd;
  let merchant: Lnd;
  let db: TestDatabase;
  let folder: string;
  let product: Product;
  /** Everything that anybody has printed. */
  let said = '';
  const macaroons: string[] = [];

  const path = (name: string): string => join(folder, name);
  const launch = async (): Promise<void> => {
    product = launchProduct({ data: path('data'), log: path('log'), config: path('argosy.yaml') });
    await product.ready;
  };
  async function argosy(...args: string[]): Promise<Ran> {
    const ran = await runCli([...args, '--data', path('data')]);
    said += ran.stdout + ran.stderr;
    return ran;
  }
  const bake = async (name: string, permissions: readonly string[]): Promise<string> => {
    const hex = await us.bake(
      permissions.map((permission) => {
        const [entity = '', ...action] = permission.split(':');
        return { entity, action: action.join(':') };
      }),
    );
    macaroons.push(hex);
    writeFileSync(path(name), Buffer.from(hex, 'hex'));
    return path(name);
  };
  const add = (macaroon: string, cert = us.certPath): Promise<Ran> =>
    argosy(
      'node',
      'add',
      'us',
      '--address',
      `${us.host}:${us.rpcPort}`,
      '--cert',
      cert,
      '--macaroon',
      macaroon,
    );
  const stateOf = async (): Promise<string> =>
    JSON.parse((await argosy('node', 'show', 'us', '--json')).stdout).state;
  const pinsOf = async (): Promise<number> =>
    JSON.parse((await argosy('node', 'show', 'us', '--json')).stdout).connection.pins.length;
  const becomes = (state: string): Promise<unknown> =>
    eventually(`us is ${state}`, async () => (await stateOf()) === state, STEP_MS);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'argosy-connecting-'));
    [network, db] = await Promise.all([
      startNetwork({
        nodes: { us: {}, merchant: {} },
        channels: [{ from: 'us', to: 'merchant', capacitySat: 1_000_000 }],
      }),
      freshDatabase(),
    ]);
    us = network.node('us');
    merchant = network.node('merchant');
    macaroons.push(us.adminMacaroonHex);
    writeFileSync(
      path('argosy.yaml'),
      `network: regtest\nnodes: []\nlog: { level: debug }\ndatabase: { url: '${urlOf(db)}' }\n`,
    );
    await launch();
  }, STEP_MS);
  afterAll(async () => {
    await product?.stop();
    await db?.close();
    await network?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }, STEP_MS);

  it('asks LND for what LND asks for', async () => {
    type Answer = {
      method_permissions: Record<string, { permissions: { entity: string; action: string }[] }>;
    };
    const { method_permissions: theirs } = await us.rest<Answer>('GET', '/v1/macaroon/permissions');
    for (const [call, { needs }] of Object.entries(CALLS)) {
      const asked = theirs[call]?.permissions.map(({ entity, action }) => `${entity}:${action}`);
      expect(asked?.sort(), call).toEqual([...needs].sort());
    }
  });

  it(
    'names a permission that the macaroon lacks, what it is for, and the command that bakes one; then it joins',
    async () => {
      const all = new Set(Object.values(CALLS).flatMap(({ needs }) => needs));
      all.delete('offchain:write');
      const refused = await add(await bake('weak', [...all]));
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('it lacks offchain:write');
      expect(refused.stderr).toContain('offchain:write, to send payments');
      expect(refused.stderr).toContain('code: node_check_failed');
      const command = /^lncli --network=regtest bakemacaroon --save_to=\S+ (.+)$/m.exec(refused.stderr)?.[1];
      const wrong = await add(path('weak'), merchant.certPath);
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('✗ certificate') });
      expect(JSON.parse((await argosy('nodes', '--json')).stdout).data).toEqual([]);

      const joined = await add(await bake('minimal', command?.split(' ') ?? []));
      expect(joined).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ joined') });
      expect(joined.stdout).toContain('all that Argosy needs, and nothing else');
      await becomes('up');
    },
    STEP_MS,
  );

  it(
    'pays with the macaroon that the command has baked, and the books agree',
    async () => {
      const { api, key } = await product.ready;
      const client = createArgosy({ api, key });
      const paid = await client.payAndWait({ invoice: await invoice(merchant, 20_000) });
      expect(paid.state).toBe('settled');
      expect((await client.checkBooks()).difference_msat).toBe('0');
    },
    STEP_MS,
  );

  it(
    'refuses a new certificate until it is pinned, then both, and in the end the new one alone',
    async () => {
      await us.renewCertificate();
      await becomes('down');
      const other = await argosy('node', 'rotate', 'us', '--macaroon', path('minimal'));
      expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('pinned is') });
      expect(await stateOf()).toBe('down');
      const rotated = await argosy('node', 'rotate', 'us', '--cert', us.certPath);
      expect(rotated).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('both certificates are accepted'),
      });
      await becomes('up');
      expect(await pinsOf()).toBe(2);
      expect((await argosy('node', 'rotate', 'us', '--done')).code).toBe(0);
      expect(await pinsOf()).toBe(1);
      await becomes('up');
    },
    STEP_MS,
  );

  it(
    'is there again after a restart, from the vault',
    async () => {
      await product.stop();
      await launch();
      await becomes('up');
      expect(JSON.parse((await argosy('books', 'check', '--json')).stdout).difference_msat).toBe('0');
    },
    STEP_MS,
  );

  it('joins by an lndconnect URI from stdin, too, and a macaroon that may do all gets an advice', async () => {
    const { api, key } = await product.ready;
    const answer = await createArgosy({ api, key }).addNode({
      id: 'twin',
      lndconnect: us.lndconnect(),
      check_only: true,
    });
    const permissions = answer.checks.find(({ name }) => name === 'permissions');
    expect(permissions).toMatchObject({ state: 'advice', command: expect.stringContaining('bakemacaroon') });
    expect(answer.checks.at(-1)).toMatchObject({ name: 'identity', state: 'failed' });
  });

  it('has its secrets nowhere in the clear: not in the database, the log, or what was printed', async () => {
    const tables = await db.read.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    expect(tables.map(({ name }) => name)).toContain('node_credentials');
    let dump = '';
    for (const { name } of tables) {
      const rows = await db.read.query<{ row: string }>(`select row::text as row from "${name}" as row`);
      dump += rows.map(({ row }) => row).join('\n');
    }
    const all = dump + said + readFileSync(path('log'), 'utf8');
    expect(all).toContain('us');
    expect(macaroons.length).toBeGreaterThan(2);
    for (const hex of macaroons) {
      // The beginning is the same in every macaroon, and no secret; the signature at the end is.
      const secret = hex.slice(-64);
      const bytes = Buffer.from(hex, 'hex');
      const forms = [
        secret,
        Buffer.from(secret).toString('hex'),
        bytes.toString('base64url').slice(-32),
        bytes.toString('base64').slice(-32),
      ];
      for (const form of forms) expect(all).not.toContain(form);
    }
  });

  it(
    'is never taken for a practice world',
    async () => {
      await product.stop();
      const elsewhere = await runCli(['up', '--data', path('data'), '--listen', '127.0.0.1:0'], {
        cwd: tmpdir(),
      });
      expect(elsewhere).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('code: folder_of_own_fleet'),
      });
      const reset = await runCli(['practice', 'reset', '--yes', '--data', path('data')], { cwd: tmpdir() });
      expect(reset).toMatchObject({ stderr: expect.stringContaining('code: folder_of_own_fleet') });
      await launch();
    },
    STEP_MS,
  );
});
