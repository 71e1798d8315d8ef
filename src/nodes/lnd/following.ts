/** LND's streams end whenever LND does. These are opened again until they are stopped. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Subscription } from '../node.ts';
import { type Incoming, isDenied } from './call.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
/**
 * LND does not say when it has begun to listen. A stream that has lasted so long, or has given something, is taken to
 * be up; one that finds no LND has failed by then.
 */
const UP_AFTER_MS = 250;

export interface Followed<Message, More> {
  /** Asked for again whenever the last one has ended. */
  open(): Incoming<Message> & More;
  /** It is up (again): what came before may be missing. */
  up?(stream: Incoming<Message> & More): Promise<void>;
  message(message: Message, stream: Incoming<Message> & More): Promise<void>;
  /** It is down again, or stopped. */
  down?(): void;
  /** The last message of all; without, there is none. */
  isLast?(message: Message): boolean;
  /** What `stop` does to the open stream. Default: cancel it. */
  end?(stream: Incoming<Message> & More): void;
}

/** Ends by itself with an error only where LND refuses the stream for lack of a permission. */
export function follow<Message, More = unknown>(followed: Followed<Message, More>): Subscription {
  type Stream = Incoming<Message> & More;
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => wait(ms, undefined, { signal }).catch(() => undefined);
  const end = followed.end ?? ((stream: Stream) => stream.cancel());
  let current: Stream | null = null;
  let failures = 0;

  /** As often as it takes. */
  async function deliver(take: () => Promise<void>): Promise<void> {
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        return await take();
      } catch {
        await pause(backoffMs(tries));
      }
    }
  }

  /** @returns whether the last message has come */
  async function readOnce(stream: Stream): Promise<boolean> {
    const messages = stream[Symbol.asyncIterator]();
    let coming = messages.next();
    const first = await Promise.race([coming, pause(UP_AFTER_MS)]);
    if (first?.done) return false;
    failures = 0;
    if (followed.up) await deliver(async () => followed.up?.(stream));
    for (let read = await coming; !read.done && !signal.aborted; read = await coming) {
      const { value } = read;
      await deliver(() => followed.message(value, stream));
      if (followed.isLast?.(value)) return true;
      coming = messages.next();
    }
    return false;
  }

  async function run(): Promise<void> {
    for (; !signal.aborted; await pause(backoffMs(failures++))) {
      current = followed.open();
      try {
        if (await readOnce(current)) return;
      } catch (error) {
        if (isDenied(error)) throw error;
      } finally {
        current.cancel();
        current = null;
        followed.down?.();
      }
    }
  }

  const ended = run().then(
    () => null,
    (error: unknown) => error as Error,
  );
  return {
    ended,
    async stop() {
      stopping.abort();
      if (current !== null) end(current);
      await ended;
    },
  };
}

export const backoffMs = (failures: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** failures, LAST_RETRY_MS);
