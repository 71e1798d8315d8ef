/** An own fleet whose nodes come and go while it runs: simulated daemons behind the real vault, routes and fleet. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import type { ConfiguredNode } from '../../src/config.ts';
import { openConnecting } from '../../src/fleet/connecting.ts';
import { connectingRoutes } from '../../src/fleet/connecting-routes.ts';
import { type Daemons, type OwnFleet, readOwnNodes } from '../../src/fleet/own-nodes.ts';
import { openVault } from '../../src/fleet/vault.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import type { CheckLine } from '../../src/nodes/check.ts';
import type { NodeCredentials } from '../../src/nodes/credentials.ts';
import type { MemoryNetwork } from '../../src/nodes/memory/network.ts';
import { openNode } from '../../src/nodes/open.ts';
import { openSystem, type System } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { memoryWorld } from '../support/memory-fleet.ts';
import { eventually } from '../support/well.ts';

let db: TestDatabase;
let network: MemoryNetwork;
let system: System;
let key: string;
const sealKey = randomBytes(32);

/** Of the daemons: what a check finds beside what the credentials say. */
const faults = new Map<string, Pick<CheckLine, 'name' | 'detail'>>();
/** Which certificate each daemon shows. */
const shows = new Map<string, string>();

const fingerprint = (pem: string): string => createHash('sha256').update(pem).digest('hex');
const line = (name: CheckLine['name'], state: CheckLine['state'], detail = 'fine'): CheckLine => ({
  name,
  state,
  detail,
  items: [],
  fix: null,
  command: null,
});

/** The address of a daemon is the name of its simulated node. */
function daemonsOf(net: MemoryNetwork): Daemons {
  const read = (credentials: NodeCredentials) => ({ kind: 'credentials', credentials }) as const;
  return {
    readUri: (uri) =>
      uri.startsWith('lndconnect://')
        ? read({ address: uri.slice(13), certificates: [`cert-${uri.slice(13)}`], macaroon: 'ffee' })
        : { kind: 'fault', detail: 'it does not begin with lndconnect://' },
    readParts: read,
    readChange: (change) => ({ kind: 'change', change }),
    pinOf: (pem) => ({ fingerprint: fingerprint(pem), expiresAt: 0 }),
    open: (_, { address }) => openNode({ kind: 'memory', network: net, name: address }),
    async check({ address, certificates }) {
      const shown = shows.get(address) ?? `cert-${address}`;
      const pin = { fingerprint: fingerprint(shown), expiresAt: 0 };
      if (!certificates.includes(shown)) {
        return { lines: [line('certificate', 'failed', 'it is not pinned')], pubkey: null, shown: pin };
      }
      const fault = faults.get(address);
      if (fault !== undefined) {
        return { lines: [line(fault.name, 'failed', fault.detail)], pubkey: null, shown: pin };
      }
      const { pubkey } = await net.open(address).info();
      return { lines: [line('macaroon', 'done')], pubkey, shown: pin };
    },
  };
}

async function start(configured: readonly ConfiguredNode[] = []): Promise<void> {
  const daemons = daemonsOf(network);
  const own: OwnFleet = {
    db,
    configured,
    vault: openVault(sealKey),
    daemons,
    holder: 'this folder',
    opened: new Map(),
  };
  system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: await readOwnNodes(own),
    rooms(api, guarded, fleet) {
      connectingRoutes(api, guarded, fleet, { connecting: openConnecting({ ...own, fleet }), daemons });
    },
  });
}

beforeAll(async () => {
  db = await freshDatabase();
  network = memoryWorld('connecting');
  key = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, key));
  await start();
});
afterAll(async () => {
  await system.stop();
  await db.close();
});

async function call<T = Record<string, unknown>>(method: 'GET' | 'POST', path: string, body?: unknown) {
  const response = await system.api.request(path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

const add = (id: string, daemon = id, more: object = {}) =>
  call('POST', '/v1/nodes', { id, lndconnect: `lndconnect://${daemon}`, ...more });
const ids = async (): Promise<string[]> =>
  (await call<{ data: { id: string }[] }>('GET', '/v1/nodes')).body.data.map(({ id }) => id);
const pay = async (amountMsat: string) => {
  const invoice = await network.open('merchant').invoice({
    amountMsat: BigInt(amountMsat) as never,
    description: '',
    expirySeconds: 600,
  });
  const begun = await call<{ id: string }>('POST', '/v1/payments', { invoice: invoice.bolt11 });
  return eventually('the payment ends', async () => {
    const { body } = await call<{ state: string }>('GET', `/v1/payments/${begun.body.id}`);
    return ['settled', 'failed'].includes(body.state) && body.state;
  });
};

describe('an own fleet', () => {
  it('begins without nodes', async () => {
    expect(await ids()).toEqual([]);
    expect((await call('GET', '/v1/nodes/us')).body).toMatchObject({ code: 'node_unknown' });
  });

  it('checks a node without storing anything when that is wanted', async () => {
    const { status, body } = await add('us', 'us', { check_only: true });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { passed: true, stored: false, joined: false },
    });
    expect(await ids()).toEqual([]);
  });

  it('takes a node that passes, live, and it pays', async () => {
    expect((await add('us', 'us', { region: 'west', exposure_msat_max: '99000000000' })).body).toMatchObject({
      stored: true,
      joined: true,
    });
    expect((await call('GET', '/v1/nodes/us')).body).toMatchObject({
      region: 'west',
      state: 'up',
      exposure_msat_max: '99000000000',
      connection: { address: 'us', pins: [{ fingerprint: fingerprint('cert-us') }] },
    });
    expect(await pay('1000000')).toBe('settled');
  });

  it('refuses a node that fails its check, says each line that did, and stores nothing', async () => {
    faults.set('eu', { name: 'permissions', detail: 'it lacks offchain:write' });
    const { status, body } = await add('eu');
    expect({ status, body }).toMatchObject({
      status: 409,
      body: {
        code: 'node_check_failed',
        detail: 'permissions: it lacks offchain:write',
        checks: [{ name: 'permissions', state: 'failed' }],
      },
    });
    faults.clear();
    expect(await ids()).toEqual(['us']);
    expect(await db.read.query(`select 1 from node_credentials where node_id = 'eu'`)).toEqual([]);
  });

  it('refuses one name for two nodes, and two names for one', async () => {
    expect((await add('us', 'eu')).body).toMatchObject({ code: 'node_exists' });
    expect((await add('west', 'us')).body).toMatchObject({
      code: 'node_check_failed',
      detail: expect.stringContaining('as us'),
    });
  });

  it('refuses credentials that are none, without repeating them', async () => {
    const { body } = await call('POST', '/v1/nodes', { id: 'eu', lndconnect: 'https://geheim' });
    expect(body).toMatchObject({ code: 'node_credentials_invalid' });
    expect(JSON.stringify(body)).not.toContain('geheim');
  });

  it('takes two additions of one name at once for one', async () => {
    const both = await Promise.all([add('eu'), add('eu')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await ids()).toEqual(['us', 'eu']);
  });

  it('keeps both certificates during a rotation, and the new one after it', async () => {
    const rotate = (body: object) =>
      call<{ pins: { fingerprint: string }[]; code?: string }>('POST', '/v1/nodes/us/rotate', body);
    const pins = async (body: object) => (await rotate(body)).body.pins.map((pin) => pin.fingerprint);
    expect(await pins({ certificates: ['new'] })).toEqual(['cert-us', 'new'].map(fingerprint));
    expect((await rotate({ done: true })).body).toMatchObject({ code: 'node_rotation_pending' });
    shows.set('us', 'new');
    expect(await pins({ done: true })).toEqual([fingerprint('new')]);
    shows.set('us', 'forged');
    expect((await rotate({ macaroon: 'aabb' })).body).toMatchObject({
      code: 'node_check_failed',
      detail: 'certificate: it is not pinned',
    });
    shows.set('us', 'new');
    expect((await rotate({})).body).toMatchObject({ code: 'node_credentials_invalid' });
    expect(await pay('1000000')).toBe('settled');
  });

  it('is the same after a restart, from the vault', async () => {
    await system.stop();
    await start();
    await eventually('both are up', async () => {
      const { body } = await call<{ data: { state: string }[] }>('GET', '/v1/nodes');
      return body.data.length === 2 && body.data.every(({ state }) => state === 'up');
    });
  });

  it('lets a node with funds in the books go only when that is known, and its history stays', async () => {
    const remove = (force: boolean) => call('POST', '/v1/nodes/eu/remove', { force });
    expect((await remove(false)).body).toMatchObject({ code: 'node_in_use', parts_under_way: 0 });
    expect(await ids()).toContain('eu');
    const { body } = await remove(true);
    expect(body).toMatchObject({ node: 'eu', configured: false });
    expect(BigInt(body.holds_msat as string)).toBeGreaterThan(0n);
    expect(await ids()).toEqual(['us']);
    expect(await db.read.query(`select id from node where id = 'eu'`)).toHaveLength(1);
    expect((await add('eu')).body).toMatchObject({ joined: true });
    const books = await call('GET', '/v1/books/check');
    expect(books.body).toMatchObject({ difference_msat: '0' });
  });

  it('never lets a node go that has parts under way, and goes on with it', async () => {
    const { id } = await db.tx((tx) =>
      tx.one<{ id: string }>(
        `update part set state = 'unknown', ended_at = null where node_id in ('us', 'eu') and id =
           (select id from part order by id desc limit 1) returning id, node_id`,
      ),
    );
    const [{ node_id: node } = { node_id: '' }] = await db.read.query<{ node_id: string }>(
      'select node_id from part where id = $1',
      [id],
    );
    const { body } = await call('POST', `/v1/nodes/${node}/remove`, { force: true });
    expect(body).toMatchObject({ code: 'node_in_use' });
    await db.tx((tx) => tx.query(`update part set state = 'settled', ended_at = now() where id = $1`, [id]));
    expect(await ids()).toContain(node);
    expect(await pay('1000000')).toBe('settled');
  });

  it('shows a configured node without credentials as down, with the command that gives them', async () => {
    await system.stop();
    const asia = {
      id: 'asia',
      region: 'far',
      driver: 'lnd',
      credentials: { kind: 'vault' },
      exposureMsatMax: null,
    };
    await start([asia as ConfiguredNode]);
    expect((await call('GET', '/v1/nodes/asia')).body).toMatchObject({
      state: 'down',
      region: 'far',
      problems: [{ code: 'not_joined', text: expect.stringContaining('argosy node add asia') }],
      connection: null,
    });
    expect((await add('asia')).body).toMatchObject({ joined: true });
    expect((await call('GET', '/v1/nodes/asia')).body).toMatchObject({ region: 'far', state: 'up' });
    expect((await call('POST', '/v1/nodes/asia/remove', { force: true })).body).toMatchObject({
      configured: true,
    });
  });
});

describe('the vault of an own fleet', () => {
  it('with another key refuses to start, and names the nodes', async () => {
    const other: OwnFleet = {
      db,
      configured: [],
      vault: openVault(randomBytes(32)),
      holder: 'this folder',
      opened: new Map(),
      daemons: daemonsOf(network),
    };
    await expect(readOwnNodes(other)).rejects.toMatchObject({
      code: 'vault_other_key',
      message: expect.stringContaining('eu, us'),
    });
  });

  it('with one damaged entry serves the others, and says what is wrong with it', async () => {
    await system.stop();
    await db.tx((tx) =>
      tx.query(
        `update node_credentials set sealed = set_byte(sealed, 15, get_byte(sealed, 15) # 1) where node_id = 'eu'`,
      ),
    );
    await start();
    expect((await call('GET', '/v1/nodes/eu')).body).toMatchObject({ state: 'down', connection: null });
    expect((await call('GET', '/v1/nodes/us')).body).toMatchObject({ state: 'up' });
    expect((await call('POST', '/v1/nodes/eu/remove', { force: true })).status).toBe(200);
    expect((await add('eu')).body).toMatchObject({ joined: true });
  });
});
