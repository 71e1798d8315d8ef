import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { nodeId } from '../lightning/ids.ts';
import { fromSat } from '../money/msat.ts';
import type { NodeCredentials } from '../nodes/credentials.ts';
import { openVault, type VaultEntry } from './vault.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.tx((tx) => tx.query('delete from node_credentials'));
});

const us = nodeId('us');
const eu = nodeId('eu');
const vault = openVault(randomBytes(32));
const entry = (id = us): VaultEntry => ({ id, region: 'west', driver: 'lnd', exposureMsatMax: fromSat(5n) });
const secret = (name: string): NodeCredentials => ({
  address: `${name}.example:10009`,
  certificates: [`certificate of ${name}`],
  macaroon: `macaroon-of-${name}`,
});
const put = (id = us, name: string = id) => db.tx((tx) => vault.put(tx, entry(id), secret(name)));
const change = (sql: string) => db.tx((tx) => tx.query(`update node_credentials set ${sql}`));

describe('the vault', () => {
  it('gives back what was put, and the newest', async () => {
    await put(us, 'old');
    await put(us, 'new');
    expect(await vault.find(db.read, us)).toEqual({
      ...entry(),
      version: 2,
      unsealed: { kind: 'credentials', credentials: secret('new') },
    });
    await put(eu);
    expect((await vault.list(db.read)).map(({ id }) => id)).toEqual(['eu', 'us']);
    await db.tx((tx) => vault.remove(tx, us));
    expect(await vault.find(db.read, us)).toBe(null);
  });

  it('keeps nothing in the clear', async () => {
    await put();
    const [row] = await db.read.query<{ sealed: Buffer; whole: string }>(
      'select sealed, node_credentials::text as whole from node_credentials',
    );
    expect(row?.whole).toContain('west');
    for (const part of ['macaroon', 'certificate', 'example']) expect(row?.sealed.includes(part)).toBe(false);
  });

  it('sees that an entry was tampered with', async () => {
    await put();
    await change(`sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)`);
    expect((await vault.find(db.read, us))?.unsealed).toEqual({ kind: 'damaged' });
  });

  it('sees that two entries were swapped, or an older one put back', async () => {
    await put(us);
    await put(eu);
    await change(
      `sealed = (select sealed from node_credentials other where other.node_id <> node_credentials.node_id)`,
    );
    expect((await vault.list(db.read)).map(({ unsealed }) => unsealed.kind)).toEqual(['damaged', 'damaged']);
    await put(us);
    const [before] = await db.read.query<{ sealed: Buffer }>(
      `select sealed from node_credentials where node_id = 'us'`,
    );
    await put(us);
    await db.tx((tx) =>
      tx.query(`update node_credentials set sealed = $1 where node_id = 'us'`, [before?.sealed]),
    );
    expect((await vault.find(db.read, us))?.unsealed).toEqual({ kind: 'damaged' });
  });

  it('tells another key from damage', async () => {
    await put();
    const other = openVault(randomBytes(32));
    expect((await other.find(db.read, us))?.unsealed).toEqual({ kind: 'other_key' });
  });
});
