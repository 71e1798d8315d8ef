/** One own node in the running fleet: adopted, watched, its session opened; tried again until it works. */
import { post } from '../ledger/store.ts';
import { adopt, messageOf } from './adopt.ts';
import { bookNodeEvent } from './booking.ts';
import type { FleetContext, OwnNode } from './fleet.ts';
import { NEVER_READ, type Reading, type Watch, watchNode } from './health.ts';
import { type BookEvents, openSession, type Session } from './session.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;

/** `waiting`: not at our hands yet, for this reason; it is tried again. */
export type Joining = { readonly kind: 'joined' } | { readonly kind: 'waiting'; readonly reason: string };

export interface Member {
  readonly own: OwnNode;
  joining(): Joining;
  /** What it said last. */
  reading(): Reading;
  /** After the first try. */
  readonly tried: Promise<Joining>;
  /** Null before it was adopted. */
  watch(): Watch | null;
  /** Null before it has joined. */
  session(): Session | null;
  /** Closes the session and releases the lease; the node itself stays as it is. */
  stop(): Promise<void>;
}

export function startMember(context: FleetContext, own: OwnNode): Member {
  const { clock, log } = context;
  const stopping = new AbortController();
  const first = Promise.withResolvers<Joining>();
  let joining: Joining = { kind: 'waiting', reason: 'it has not been asked yet' };
  let watch: Watch | null = null;
  let session: Session | null = null;

  const reading = () => watch?.current() ?? NEVER_READ;
  const cameUp = () => {
    const followed = session?.owned() === true && session.stream().error === null;
    if (followed && reading().reach === 'up') context.cameUp(own.id);
  };

  async function join(): Promise<void> {
    const watched = watch ?? watchNode(context, own, await adopt(context, own), cameUp);
    watch = watched;
    await watched.refresh();
    const opened = await openSession(
      context,
      own,
      bookWhile(context, watched),
      context.afterBooking,
      watched.soon,
    );
    session = opened;
    joining = { kind: 'joined' };
    cameUp();
  }

  async function keepTrying(): Promise<void> {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      try {
        return await join();
      } catch (error) {
        const reason = messageOf(error);
        if (joining.kind === 'waiting' && joining.reason !== reason)
          log.warn({ node: own.id, error }, 'node cannot join yet; it is tried again');
        joining = { kind: 'waiting', reason };
      }
      first.resolve(joining);
      await clock.sleep(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10)), stopping.signal);
    }
  }

  const trying = keepTrying().then(() => first.resolve(joining));
  return {
    own,
    joining: () => joining,
    reading,
    tried: first.promise,
    watch: () => watch,
    session: () => session,
    async stop() {
      stopping.abort();
      watch?.stop();
      await trying;
      watch?.stop();
      await session?.stop();
    },
  };
}

/** Books what a node tells, as long as it is the one that was adopted. */
const bookWhile =
  (context: FleetContext, watch: Watch): BookEvents =>
  async (tx, id, events) => {
    if (!watch.isItself()) {
      watch.soon();
      throw new Error(`node ${id} has not said yet who it is`);
    }
    for (const event of events) post(tx, bookNodeEvent(id, event));
    // Whoever tells something answers again.
    const changed = events.some(({ kind }) => kind === 'channel_changed');
    if (changed || watch.current().reach === 'down') watch.soon();
    await context.book(tx, id, events);
  };
