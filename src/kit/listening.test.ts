import { expect, it } from 'vitest';
import { listen } from './listening.ts';

const HERE = { host: '127.0.0.1', port: 0 };

it('refuses with Retry-After before it serves and while it stops, and lets what is under way end', async () => {
  const server = await listen(HERE);
  const early = await fetch(server.url);
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await early.json()).toMatchObject({ code: 'starting', retryable: true });

  const [come, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.answer(async () => {
    come.resolve();
    await go.promise;
    return new Response('done');
  });
  const slow = fetch(server.url);
  await come.promise;
  let drained = false;
  const draining = server.drain().then(() => {
    drained = true;
  });
  const late = await fetch(server.url);
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await late.json()).toMatchObject({ code: 'stopping', retryable: true });
  expect(drained).toBe(false);
  go.resolve();
  expect(await (await slow).text()).toBe('done');
  await draining;
  await server.close();
});

it('tells that an address is taken', async () => {
  const server = await listen(HERE);
  const port = Number(new URL(server.url).port);
  await expect(listen({ ...HERE, port })).rejects.toMatchObject({ code: 'listen_address_in_use' });
  await server.close();
});
