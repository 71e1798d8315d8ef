/** Requests as an adversary, or a broken network, sends them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('edge'));
});
afterAll(() => fleet.stop());

const ask = async (path: string, init: RequestInit & { duplex?: 'half' } = {}) =>
  fleet.system.api.request(path, {
    ...init,
    headers: {
      authorization: fleet.authorization,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
      ...init.headers,
    },
  });
const invoice = async () =>
  (
    await fleet.network
      .open('merchant')
      .invoice({ amountMsat: fromSat(10n), description: '', expirySeconds: 3600 })
  ).bolt11;

describe('a body', () => {
  it('without a length is refused as soon as it is too large', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(32));
        if (sent > 4_000_000) controller.close();
      },
    });
    const answer = await ask('/v1/quotes', { method: 'POST', body: endless, duplex: 'half' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'request_invalid' });
    expect(sent).toBeLessThan(200_000);
  });

  it('with a length that is too large is refused', async () => {
    const body = JSON.stringify({ invoice: 'x'.repeat(100_000) });
    const headers = { 'content-length': String(body.length) };
    const answer = await ask('/v1/quotes', { method: 'POST', body, headers });
    expect(await answer.json()).toMatchObject({ code: 'request_invalid' });
  });

  it.each(['{"__proto__":{"invoice":"x"}}', '{"constructor":1,"invoice":"x"}', '[]', 'null', '"x"', '1e999'])(
    'that is %s is refused as a problem',
    async (body) => {
      const answer = await ask('/v1/quotes', { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ status: 400 });
    },
  );
});

describe('a person of the practice world', () => {
  it.each(['ü'.repeat(600), '\ud800', 'a\u0000b'])(
    'refuses a description such as %j',
    async (description) => {
      const body = JSON.stringify({ description });
      const answer = await ask('/v1/practice/people/merchant/invoices', { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ status: 400, field: 'description' });
    },
  );
});

describe('a cursor', () => {
  it.each(['999999999999999 pay_0', '0 pay_0', '8640000000000001 pay_0', '-1 pay_0', '1 pay_\u0000'])(
    'of our shape, made up as %j, is answered or refused, and breaks nothing',
    async (text) => {
      for (const list of ['payments', 'invoices']) {
        const cursor = Buffer.from(text).toString('base64url');
        const answer = await ask(`/v1/${list}?cursor=${cursor}`);
        expect([200, 400]).toContain(answer.status);
      }
    },
  );
});

describe('the same key', () => {
  it('gets the same answer however many ask at once', async () => {
    for (let round = 0; round < 5; round++) {
      const body = JSON.stringify({ invoice: await invoice() });
      const headers = { 'idempotency-key': `race-${round}` };
      const answers = await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          await new Promise((resolve) => setTimeout(resolve, index * 2));
          const answer = await ask('/v1/payments', { method: 'POST', body, headers });
          return { status: answer.status, ...((await answer.json()) as { id: string; code?: string }) };
        }),
      );
      expect(answers.map(({ status, code }) => code ?? status)).toEqual(answers.map(() => 202));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      await settled(fleet, answers[0]?.id ?? '');
    }
  });

  it('may be used again after a refusal, which is not kept', async () => {
    const first = await fleet.call('POST', '/v1/payments', { invoice: 'hello' }, 'refused-once');
    expect(first.status).toBe(400);
    const second = await fleet.call('POST', '/v1/payments', { invoice: await invoice() }, 'refused-once');
    expect(second.status).toBe(202);
    await settled(fleet, String(second.body.id));
  });
});

describe('the stream of events', () => {
  it('asked for by HEAD is not opened', async () => {
    const answer = await ask('/v1/events', { method: 'HEAD', headers: { 'last-event-id': '0' } });
    expect(answer.body).toBe(null);
    expect(answer.headers.get('content-type') ?? '').not.toContain('event-stream');
  });
});

describe('all that', () => {
  it('leaves everything well', async () => {
    await eventually('no effect is left', async () => {
      const left = await fleet.db.read.query(`select id from effect where kind <> 'invoice.check'`);
      return left.length === 0;
    });
    await expectAllWell(fleet);
  });
});
