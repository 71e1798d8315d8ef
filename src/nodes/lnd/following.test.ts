import { status } from '@grpc/grpc-js';
import { expect, it, vi } from 'vitest';
import type { Incoming } from './call.ts';
import { LndError } from './call.ts';
import { follow } from './following.ts';

type Step = string | Error | 'hang';

/** Streams that play one script after another; the last one hangs. */
function scripted(...scripts: readonly (readonly Step[])[]) {
  let opened = 0;
  const open = (): Incoming<string> => {
    const script = scripts[opened] ?? ['hang'];
    opened += 1;
    const cancelled = Promise.withResolvers<never>();
    cancelled.promise.catch(() => undefined);
    return {
      cancel: () => cancelled.reject(new Error('cancelled')),
      async *[Symbol.asyncIterator]() {
        for (const step of script) {
          if (step === 'hang') await cancelled.promise;
          else if (step instanceof Error) throw step;
          else yield step;
        }
      },
    };
  };
  return { open, opened: () => opened };
}
const refused = new LndError('/a/Stream', {
  name: '',
  message: 'permission denied',
  details: 'permission denied',
  code: status.PERMISSION_DENIED,
  metadata: undefined as never,
});

it('opens a stream again that fails or ends, and says when it is up', async () => {
  const streams = scripted(['a', new Error('away')], [new Error('away')], ['b'], ['c', 'hang']);
  const seen: string[] = [];
  const following = follow({
    open: streams.open,
    up: async () => void seen.push('up'),
    down: () => void seen.push('down'),
    message: async (message) => void seen.push(message),
  });
  await vi.waitFor(
    () => expect(seen).toEqual(['up', 'a', 'down', 'down', 'up', 'b', 'down', 'up', 'c']),
    5_000,
  );
  await following.stop();
  expect(await following.ended).toBeNull();
  expect(streams.opened()).toBe(4);
});

it('delivers a message again that was not taken, before the next', async () => {
  const streams = scripted(['a', 'b', 'hang']);
  const seen: string[] = [];
  let failures = 2;
  const following = follow({
    open: streams.open,
    async message(message) {
      if (failures-- > 0) throw new Error('not now');
      seen.push(message);
    },
  });
  await vi.waitFor(() => expect(seen).toEqual(['a', 'b']), 5_000);
  await following.stop();
  expect(streams.opened()).toBe(1);
});

it('is over after the last message, and after a refusal, which it tells', async () => {
  const last = scripted(['a', 'end', 'b']);
  const seen: string[] = [];
  const message = async (each: string) => void seen.push(each);
  expect(await follow({ open: last.open, message, isLast: (each) => each === 'end' }).ended).toBeNull();
  expect(seen).toEqual(['a', 'end']);
  const denied = scripted([refused]);
  expect(await follow({ open: denied.open, message }).ended).toBe(refused);
  expect(denied.opened()).toBe(1);
});

it('stops at once while it waits for LND, and while it hangs', async () => {
  const away = follow({
    open: scripted(...Array(9).fill([new Error('away')])).open,
    message: async () => {},
  });
  const hanging = follow({ open: scripted(['hang']).open, message: async () => {} });
  await Promise.all([away.stop(), hanging.stop()]);
  expect(await Promise.all([away.ended, hanging.ended])).toEqual([null, null]);
});
