/** What is proven by an answer, by none, and by a wrong one: against servers that are no Argosy. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isProblemCode, PROBLEMS, problemKind } from '../kit/problems.ts';
import { provesNothing } from './exchange.ts';
import { type Argosy, createArgosy, OutcomeUnknown, sat, Unreachable } from './index.ts';

interface Seen {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}
type Answer = (response: ServerResponse, request: IncomingMessage, nth: number) => void;

/** Talks to a server that answers as it is told, and says what was sent to it. */
async function against(answer: Answer, talk: (argosy: Argosy) => Promise<unknown>, retries = 2) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = (await Array.fromAsync(request)).join('');
    const key = request.headers['idempotency-key'];
    seen.push({ path: request.url ?? '', key: typeof key === 'string' ? key : undefined, body });
    answer(response, request, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outcome = await talk(createArgosy({ api, key: 'argosy_test', retries, timeoutMs: 500 })).catch(
    (error: unknown) => error,
  );
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { seen, outcome };
}

const problem =
  (status: number, code: string, retryable = false): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ code, title: 'Title', detail: 'Detail', retryable }));
const silence: Answer = () => {};
const hangUp: Answer = (_, request) => request.socket.destroy();
const pay = (argosy: Argosy) => argosy.pay({ invoice: 'lnbcrt1', amount_msat: sat(7n) });

describe('a payment', () => {
  it.each<[string, Answer]>([
    ['nothing is answered', silence],
    ['the connection breaks', hangUp],
    ['something else answers', (response) => response.writeHead(502).end('Bad gateway')],
    ['the database was lost over it', problem(503, 'database_unavailable', true)],
  ])('is sent again under one key when %s, and then its outcome is unknown', async (_, answer) => {
    const { seen, outcome } = await against(answer, pay);
    expect(outcome).toBeInstanceOf(OutcomeUnknown);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ body }) => body))).toEqual(
      new Set(['{"invoice":"lnbcrt1","amount_msat":"7000"}']),
    );
    const keys = new Set(seen.map(({ key }) => key));
    expect(keys).toEqual(new Set([(outcome as OutcomeUnknown).idempotencyKey]));
  });

  it('that Argosy failed over is unknown at once', async () => {
    const { seen, outcome } = await against(problem(500, 'internal'), pay);
    expect(seen).toHaveLength(1);
    expect(outcome).toMatchObject({ name: 'OutcomeUnknown', cause: { code: 'internal' } });
  });

  it('stays unknown when a later try is refused: the first may still be under way', async () => {
    const answer: Answer = (response, request, nth) =>
      (nth === 1 ? hangUp : problem(409, 'insufficient_balance'))(response, request, nth);
    const { seen, outcome } = await against(answer, pay);
    expect(seen).toHaveLength(2);
    expect(outcome).toMatchObject({ name: 'OutcomeUnknown', cause: { code: 'insufficient_balance' } });
  });

  it('that is refused is refused: not sent again, or only where the problem says that this may help', async () => {
    const refused = await against(problem(409, 'insufficient_balance'), pay);
    expect(refused.seen).toHaveLength(1);
    expect(refused.outcome).toMatchObject({ name: 'ArgosyProblem', code: 'insufficient_balance' });
    const starting = await against(problem(503, 'starting', true), pay);
    expect(starting.seen).toHaveLength(3);
    expect(starting.outcome).toMatchObject({ name: 'ArgosyProblem', code: 'starting', status: 503 });
  });

  it('left by its signal is unknown; before anything was sent it is not', async () => {
    const leaving = new AbortController();
    const talk = (argosy: Argosy) =>
      argosy.pay({ invoice: 'lnbcrt1' }, { idempotencyKey: 'k1', signal: leaving.signal });
    const left = await against(() => leaving.abort(), talk);
    expect(left.outcome).toMatchObject({ name: 'OutcomeUnknown', idempotencyKey: 'k1' });
    expect(left.seen).toHaveLength(1);
    const never = await against(silence, talk);
    expect(never.outcome).toMatchObject({ name: 'AbortError' });
    expect(never.seen).toEqual([]);
  });

  it('that has begun stays unknown, with its key, when nobody tells how it goes on', async () => {
    const answer: Answer = (response, request, nth) => {
      if (nth > 1) problem(401, 'unauthenticated')(response, request, nth);
      else response.writeHead(202).end('{"id":"pay_1","state":"pending"}');
    };
    const { outcome } = await against(answer, (argosy) => argosy.payAndWait({ invoice: 'lnbcrt1' }));
    expect(outcome).toMatchObject({
      name: 'OutcomeUnknown',
      paymentId: 'pay_1',
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
      payment: { state: 'pending' },
      cause: { code: 'unauthenticated' },
    });
  });
});

describe('where nothing was sent', () => {
  it('nothing is unknown: nobody listens there', async () => {
    const argosy = createArgosy({ api: 'http://127.0.0.1:1/', key: 'argosy_test', retries: 1 });
    await expect(pay(argosy)).rejects.toBeInstanceOf(Unreachable);
    await expect(argosy.balance()).rejects.toMatchObject({ api: 'http://127.0.0.1:1' });
  });

  it('because the client could not be made, it says why', () => {
    expect(() => createArgosy({ api: 'localhost', key: 'k' })).toThrow('api: must be a URL');
    expect(() => createArgosy({ api: 'http://localhost', key: '' })).toThrow('key: must be');
    expect(() => sat('1.5')).toThrow(RangeError);
    expect(() => sat(-1n)).toThrow(RangeError);
  });
});

describe('a request without a key', () => {
  it('that acts is not sent again when its answer is lost', async () => {
    const { seen, outcome } = await against(hangUp, (argosy) => argosy.invoice({ amount_msat: 1_000n }));
    expect(seen).toHaveLength(1);
    expect(outcome).toMatchObject({ name: 'OutcomeUnknown', idempotencyKey: null });
  });

  it('that only asks is sent again, and nothing is unknown when it never gets an answer', async () => {
    const { seen, outcome } = await against(silence, (argosy) => argosy.quote({ invoice: 'lnbcrt1' }));
    expect(seen).toHaveLength(3);
    expect(outcome).toMatchObject({ name: 'Unreachable', reason: 'no answer in 0.5 s' });
  });

  it('asks once for the health, and takes what is down for an answer', async () => {
    const answer: Answer = (response) => response.writeHead(503).end('{"status":"down"}');
    const { seen, outcome } = await against(answer, (argosy) => argosy.health());
    expect(outcome).toEqual({ status: 'down' });
    expect(seen).toHaveLength(1);
  });
});

describe('the problem codes', () => {
  it('prove to the client what they do to the command line', () => {
    const served = Object.keys(PROBLEMS)
      .filter(isProblemCode)
      .filter((code) => problemKind(code).status >= 500)
      .filter((code) => !/^(listen|folder|database|vault)_(?!unavailable)|^server_unreachable$/.test(code));
    const unproven = served.filter((code) => provesNothing(code, problemKind(code).status));
    expect(unproven.sort()).toEqual(['database_unavailable', 'internal', 'outcome_unknown']);
    expect(unproven.every((code) => problemKind(code).exit === 3)).toBe(true);
    expect(served.filter((code) => problemKind(code).exit === 3).sort()).toEqual(unproven.sort());
  });
});
