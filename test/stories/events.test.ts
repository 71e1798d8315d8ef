import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { takeSession } from '../support/session.ts';
import { expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('events'));
});
afterAll(() => fleet.stop());

interface Told {
  readonly id: bigint;
  readonly type: string;
  readonly subject: string;
}

/** Reads `/v1/events` until `enough`. */
async function listen(after: string, enough: (told: readonly Told[]) => boolean): Promise<Told[]> {
  const stop = new AbortController();
  const response = await fleet.system.api.request('/v1/events', {
    headers: { authorization: fleet.authorization, 'last-event-id': after },
    signal: stop.signal,
  });
  const told: Told[] = [];
  let rest = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader !== undefined && !enough(told)) {
    const { value, done } = await reader.read();
    if (done) break;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('id') === '') continue;
      const { subject } = JSON.parse(field('data')) as { subject: string };
      told.push({ id: BigInt(field('id')), type: field('event'), subject });
    }
  }
  await reader?.cancel();
  stop.abort();
  return told;
}

const payMerchant = async (): Promise<string> => {
  const invoice = await fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(5n), description: '', expirySeconds: 600 });
  const { body } = await fleet.call('POST', '/v1/payments', { invoice: invoice.bolt11 });
  await settled(fleet, String(body.id));
  return String(body.id);
};

describe('/v1/events', () => {
  it('tells the life of a payment in order, without gaps in the ids', async () => {
    const id = await payMerchant();
    const told = await listen('0', (all) => all.some((e) => e.type === 'payment.settled'));
    const mine = told.filter((event) => event.subject === id).map((event) => event.type);
    expect(mine.at(0)).toBe('payment.pending');
    expect(mine.at(-1)).toBe('payment.settled');
    expect(told.map((event) => event.id)).toEqual(told.map((_, index) => BigInt(index + 1)));
  });

  it('goes on after Last-Event-ID, and tells what happens while it is open', async () => {
    const before = await listen('0', (all) => all.some((e) => e.type === 'payment.settled'));
    const last = before.at(-1)?.id ?? 0n;
    const listening = listen(last.toString(), (all) => all.some((e) => e.type === 'payment.settled'));
    const id = await payMerchant();
    const told = await listening;
    expect(told[0]?.id).toBe(last + 1n);
    expect(told.every((event) => event.subject === id)).toBe(true);
  });

  it.each(['yesterday', '999999'])('refuses the Last-Event-ID %s, which no event has had', async (id) => {
    const response = await fleet.system.api.request('/v1/events', {
      headers: { authorization: fleet.authorization, 'last-event-id': id },
    });
    expect(await response.json()).toMatchObject({ code: 'cursor_invalid', field: 'Last-Event-ID' });
  });
});

describe('a node', () => {
  it('has one owner: another process is refused its session while the lease runs', async () => {
    const context = { db: fleet.db, clock: systemClock, log: silentLog };
    const open = takeSession(context, { id: nodeId('eu'), node: fleet.network.open('eu') });
    await expect(open).rejects.toThrow('owned by another Argosy process');
  });
});

describe('the lists', () => {
  it('page by cursor, each payment once, newest first', async () => {
    for (let i = 0; i < 5; i++) await payMerchant();
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await fleet.call<{ data: { id: string }[]; next_cursor: string | null }>(
        'GET',
        `/v1/payments?limit=2${query}`,
      );
      seen.push(...body.data.map((payment) => payment.id));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(seen.length).toBe(7);
  });
});

describe('the API', () => {
  it('documents every route, with its permission', async () => {
    const { body } = await fleet.call<{ openapi: string; paths: Record<string, Record<string, object>> }>(
      'GET',
      '/v1/openapi.json',
    );
    expect(body.openapi).toBe('3.1.0');
    const routes = Object.entries(body.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, route]) => [`${verb} ${path}`, 'x-permission' in route] as const),
    );
    expect(routes.filter(([, guarded]) => !guarded).map(([name]) => name)).toEqual([
      'get /v1/problems/{code}',
      'get /v1/health',
    ]);
    expect(routes.length).toBeGreaterThan(12);
  });

  it('answers nobody without a key, but for what is named here and the files of the pages', async () => {
    const { api } = fleet.system;
    const open = ['GET /v1/health', 'GET /v1/openapi.json', 'GET /v1/problems/:code'];
    const routes = new Set(api.routes.map(({ method, path }) => `${method} ${path}`));
    const walked = [...routes].filter((route) => !route.startsWith('ALL ') && !open.includes(route));
    for (const route of walked) {
      const [method = '', path = ''] = route.split(' ');
      const headers = { 'content-type': 'application/json' };
      const { status } = await api.request(path.replaceAll(/[:{]\w+}?/g, 'x_1'), { method, headers });
      const isPage = method === 'GET' && /^\/(map\/[a-z]+\.(js|css|svg))?$/.test(path);
      expect(`${route} ${status}`).toBe(`${route} ${isPage ? 200 : 401}`);
    }
    expect(walked.length).toBeGreaterThan(25);
  });

  it('explains the problem that a problem document names, without a key', async () => {
    const refused = await fleet.call<{ type: string }>('POST', '/v1/quotes', { invoice: 'hello' });
    const response = await fleet.system.api.request(refused.body.type);
    expect(await response.json()).toMatchObject({
      code: 'invoice_malformed',
      exit_code: 2,
      retryable: false,
    });
    expect((await fleet.system.api.request('/v1/problems/toString')).status).toBe(404);
  });

  it('says its health without a key', async () => {
    const response = await fleet.system.api.request('/v1/health');
    expect(await response.json()).toEqual({
      status: 'ok',
      database: 'up',
      sending: 'on',
      nodes: { us: 'up', eu: 'up', asia: 'up' },
    });
  });

  it('leaves everything well', () => expectAllWell(fleet));
});
