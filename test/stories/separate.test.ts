/** Practice and real nodes never share books: each refuses the database and the data folder of the other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import type { Daemons } from '../../src/fleet/own-nodes.ts';
import { openOwnFleet } from '../../src/fleet/start-own.ts';
import { openVault } from '../../src/fleet/vault.ts';
import { type Folder, openFolder } from '../../src/kit/folder.ts';
import { readVaultKey } from '../../src/kit/vault-key.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { refuseOtherBooks, refuseOwnFolder } from '../../src/practice/start.ts';
import type { World } from '../../src/practice/world.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

const NO_DAEMONS = {} as Daemons;
const EMPTY_WORLD = { nodes: [] as World['nodes'] } as World;
const practice = (): Config => readConfig({ file: 'argosy.example.yaml', env: {}, flags: {} });
const own = (): Config => ({ ...practice(), nodes: [] });

let db: TestDatabase;
let place: string;
let folder: Folder;
beforeEach(async () => {
  db = await freshDatabase();
  place = mkdtempSync(join(tmpdir(), 'argosy-separate-'));
  const opened = openFolder(join(place, 'data'));
  if (opened.kind !== 'open') throw new Error(opened.detail);
  folder = opened.folder;
});
afterEach(async () => {
  folder.close();
  rmSync(place, { recursive: true });
  await db.close();
});

const adopted = (driver: string) =>
  db.tx((tx) =>
    tx.query(
      `insert into node (id, region, driver, pubkey, network) values ('us', 'us', $1, '02aa', 'regtest')`,
      [driver],
    ),
  );

describe('an own fleet', () => {
  it('refuses the books of a practice world', async () => {
    await adopted('ldk');
    await expect(openOwnFleet(own(), folder, db, NO_DAEMONS)).rejects.toMatchObject({
      code: 'database_not_empty',
      message: expect.stringContaining('practice world'),
    });
    expect(folder.readFile('own-fleet')).toBe(null);
  });

  it('takes its own books, and marks its data folder', async () => {
    await adopted('lnd');
    await openOwnFleet(own(), folder, db, NO_DAEMONS);
    expect(() => refuseOwnFolder(folder)).toThrow('data folder of an own fleet');
  });
});

describe('the practice fleet', () => {
  const start = () => refuseOtherBooks(db, practice(), EMPTY_WORLD);

  it('takes an empty database, and a data folder without a mark', async () => {
    await start();
    refuseOwnFolder(folder);
  });

  it('refuses the books of real nodes', async () => {
    await adopted('lnd');
    await expect(start()).rejects.toMatchObject({
      code: 'database_not_empty',
      message: expect.stringContaining('own fleet'),
    });
  });

  it('refuses a database that holds the credentials of real nodes, though none has joined', async () => {
    const vault = openVault(readVaultKey(null, folder));
    const entry = { id: nodeId('us'), region: 'us', driver: 'lnd', exposureMsatMax: null } as const;
    await db.tx((tx) => vault.put(tx, entry, { address: 'a:1', certificates: [], macaroon: 'aa' }));
    await expect(start()).rejects.toMatchObject({ message: expect.stringContaining('own fleet') });
  });
});
