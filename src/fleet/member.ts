/**
 * One own node in the running fleet: watched by every process, driven by the one that holds its lease. It is tried again
 * until it works, and taken again when it was lost.
 */
import { randomHex } from '../kit/ids.ts';
import { post } from '../ledger/store.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import { adopt, messageOf, recognise } from './adopt.ts';
import { bookNodeEvent } from './booking.ts';
import type { Crew } from './crew.ts';
import type { FleetContext, OwnNode } from './fleet.ts';
import { NEVER_READ, type Reading, type Watch, watchNode } from './health.ts';
import { holdLease, type Lease } from './lease.ts';
import { type BookEvents, openSession, type Session } from './session.ts';
import { tellTrouble } from './store.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** How often it is seen whether the lease is free, or shall go to another process. */
const LOOK_MS = 500;

/** `waiting`: not at our hands yet, for this reason; it is tried again. */
export type Joining = { readonly kind: 'joined' } | { readonly kind: 'waiting'; readonly reason: string };

export interface Member {
  readonly own: OwnNode;
  /** As which this process owns it, if it does. */
  readonly holder: string;
  joining(): Joining;
  /** What it said last. */
  reading(): Reading;
  /** After the first try. */
  readonly tried: Promise<Joining>;
  /** Null before it was known. */
  watch(): Watch | null;
  /** Null while another process has it, or nobody. */
  session(): Session | null;
  /** It is on its way to another process: nothing new is begun with it here. */
  isLeaving(): boolean;
  /** Tells the others why it cannot be used; null: it can. */
  tellTrouble(trouble: string | null): Promise<void>;
  /** Closes the session and releases the lease; the node itself stays as it is. */
  stop(): Promise<void>;
}

export function startMember(context: FleetContext, own: OwnNode, crew: Crew): Member {
  const { clock, log, db } = context;
  const holder = own.holder ?? randomHex(16);
  const stopping = new AbortController();
  const first = Promise.withResolvers<Joining>();
  let joining: Joining = { kind: 'waiting', reason: 'it has not been asked yet' };
  let watch: Watch | null = null;
  let session: Session | null = null;
  let lease: Lease | null = null;
  let leaving = false;

  const reading = () => watch?.current() ?? NEVER_READ;
  const cameUp = () => {
    const followed = session?.owned() === true && session.stream().error === null;
    if (followed && reading().reach === 'up') context.cameUp(own.id);
  };

  async function watchAs(pubkey: NodePubkey): Promise<Watch> {
    watch ??= watchNode(context, own, pubkey, cameUp);
    await watch.refresh();
    return watch;
  }

  /** Drives the node until the lease is lost, or shall go to another process. */
  async function drive(held: Lease): Promise<void> {
    const { pubkey, cursor } = await adopt(context, own, held);
    const watched = await watchAs(pubkey);
    const book = bookWhile(context, watched);
    session = openSession(context, own, { ...held, cursor }, book, context.afterBooking, watched.soon);
    joining = { kind: 'joined' };
    first.resolve(joining);
    cameUp();
    while (!stopping.signal.aborted && !held.isLost() && crew.wants(own.id))
      await clock.sleep(LOOK_MS, stopping.signal);
    leaving = true;
    if (!held.isLost()) await context.idle(own.id);
  }

  async function joinWatched(): Promise<void> {
    if (watch === null) {
      const pubkey = await recognise(context, own);
      if (pubkey === null) throw new Error('no worker has taken it in yet (`argosy work`)');
      await watchAs(pubkey);
    }
    joining = { kind: 'joined' };
  }

  async function driveIfOurs(): Promise<void> {
    const held = crew.wants(own.id) ? await holdLease(context, own.id, holder) : null;
    if (held === null) return joinWatched();
    lease = held;
    try {
      await drive(held);
    } finally {
      await session?.stop();
      session = null;
      lease = null;
      await own.node
        .release?.()
        .catch((error: unknown) => log.warn({ node: own.id, error }, 'not let go of'));
      await held.release();
      leaving = false;
    }
  }

  async function keepTrying(): Promise<void> {
    // All members are there before the first asks for its share.
    await Promise.resolve();
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await driveIfOurs();
        failures = 0;
      } catch (error) {
        failures++;
        const reason = messageOf(error);
        if (joining.kind === 'waiting' && joining.reason !== reason)
          log.warn({ node: own.id, error }, 'node cannot join yet; it is tried again');
        joining = { kind: 'waiting', reason };
      }
      first.resolve(joining);
      const wait = failures === 0 ? LOOK_MS : FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10);
      if (!stopping.signal.aborted) await clock.sleep(Math.min(MAX_RETRY_MS, wait), stopping.signal);
    }
  }

  const trying = keepTrying().then(() => first.resolve(joining));
  return {
    own,
    holder,
    joining: () => joining,
    reading,
    tried: first.promise,
    watch: () => watch,
    session: () => session,
    isLeaving: () => leaving,
    async tellTrouble(trouble) {
      const token = lease?.token;
      if (token !== undefined) await db.tx((tx) => tellTrouble(tx, own.id, token, trouble));
    },
    async stop() {
      stopping.abort();
      watch?.stop();
      await trying;
      watch?.stop();
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
