import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import type { ConfiguredNode, CredentialSource } from '../config.ts';
import { nodeId } from '../lightning/ids.ts';
import { fromSat } from '../money/msat.ts';
import { absentNode } from '../nodes/absent.ts';
import type { NodeCredentials } from '../nodes/credentials.ts';
import { type Daemons, readOwnNodes } from './own-nodes.ts';
import { openVault } from './vault.ts';

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'argosy-own-'));
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const vault = openVault(randomBytes(32));
const of = (address: string): NodeCredentials => ({ address, certificates: [], macaroon: 'aa' });
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const node = (id: string, credentials: CredentialSource): ConfiguredNode => ({
  id: nodeId(id),
  region: 'west',
  driver: 'lnd',
  credentials,
  exposureMsatMax: fromSat(7n),
});

/** What the daemons were opened with, and by whom. */
async function opened(configured: readonly ConfiguredNode[]) {
  const seen = new Map<string, NodeCredentials>();
  const daemons: Daemons = {
    readUri: (uri) =>
      uri.startsWith('lndconnect://')
        ? { kind: 'credentials', credentials: of(uri.trim()) }
        : { kind: 'fault', detail: 'it does not begin with lndconnect://' },
    readParts: (credentials) => ({ kind: 'credentials', credentials }),
    readChange: (change) => ({ kind: 'change', change }),
    check: () => Promise.reject(new Error('not asked')),
    pinOf: () => ({ fingerprint: '', expiresAt: 0 }),
    open(id, credentials) {
      seen.set(id, credentials);
      return absentNode('nobody');
    },
  };
  const nodes = await readOwnNodes({
    db,
    configured,
    vault,
    daemons,
    holder: 'this folder',
    opened: new Map(),
  });
  return { seen, nodes };
}

describe('the nodes of an own fleet', () => {
  it('have their credentials where argosy.yaml says: a file, the environment, or three pieces', async () => {
    vi.stubEnv('ARGOSY_TEST_LND', 'lndconnect://env');
    const { seen, nodes } = await opened([
      node('file', { kind: 'uri_file', file: file('uri', 'lndconnect://file\n') }),
      node('env', { kind: 'uri_env', name: 'ARGOSY_TEST_LND' }),
      node('pieces', {
        kind: 'files',
        address: 'a:1',
        certFile: file('tls.cert', 'PEM'),
        macaroonFile: file('macaroon', Buffer.from('beef', 'hex')),
      }),
    ]);
    vi.unstubAllEnvs();
    expect(seen.get('file')).toEqual(of('lndconnect://file'));
    expect(seen.get('env')).toEqual(of('lndconnect://env'));
    expect(seen.get('pieces')).toEqual({ address: 'a:1', certificates: ['PEM'], macaroon: 'beef' });
    expect(nodes[0]).toMatchObject({
      id: 'file',
      region: 'west',
      driver: 'lnd',
      exposureMsatMax: fromSat(7n),
    });
  });

  it('keep Argosy from starting where a secret that is named is not there, and say which', async () => {
    await expect(opened([node('us', { kind: 'uri_file', file: '/nosuch' })])).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/us.*\/nosuch cannot be read/),
    });
    await expect(opened([node('us', { kind: 'uri_env', name: 'ARGOSY_NOT_SET' })])).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/us.*the environment has no ARGOSY_NOT_SET/),
    });
  });

  it('that were added have region and cap of their own, unless argosy.yaml names them', async () => {
    const entry = (id: string) =>
      ({ id: nodeId(id), region: 'added', driver: 'lnd', exposureMsatMax: null }) as const;
    await db.tx(async (tx) => {
      await vault.put(tx, entry('eu'), of('eu:1'));
      await vault.put(tx, entry('asia'), of('asia:1'));
    });
    const { seen, nodes } = await opened([node('eu', { kind: 'vault' })]);
    expect(seen.get('eu')).toEqual(of('eu:1'));
    expect(nodes.map(({ id, region, exposureMsatMax }) => [id, region, exposureMsatMax])).toEqual([
      ['eu', 'west', fromSat(7n)],
      ['asia', 'added', null],
    ]);
  });
});
