/**
 * One node's session, under the lease that makes this process its owner: its event stream. Events are booked in order,
 * each exactly once: the cursor moves in the transaction that books them.
 */
import { within } from '../kit/clock.ts';
import type { Statements, Tx } from '../kit/db.ts';
import { type Books, moveDue, withBooks } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Cursor, NodeBalances, NodeEvent } from '../nodes/node.ts';
import type { OwnNode } from './fleet.ts';
import { ANSWER_MS } from './health.ts';
import type { Lease, LeaseContext } from './lease.ts';
import { markImported } from './past-store.ts';
import { lockSession, moveCursor } from './store.ts';
import { followStream, type StreamHealth } from './stream.ts';
import { confirmPanic } from './switch-store.ts';

const MATCH_MS = 10_000;

/** Books events of a node in the transaction that also moves its cursor. */
export type BookEvents = (tx: Books, node: NodeId, events: readonly NodeEvent[]) => Promise<void>;

export interface Session {
  /** False once the lease is lost, has nearly run out or the session stopped: the process must not call the node then. */
  owned(): boolean;
  stream(): StreamHealth;
  /** Tells that no send begun before this switching of the panic switch is under way here. */
  confirmPanic(epoch: bigint): Promise<void>;
  /**
   * Reads the node, and the ledger at the same place of its stream.
   * @throws Error when the node does not answer, or its stream does not get there in 10 s.
   */
  compare<T>(readLedger: (read: Statements) => Promise<T>): Promise<{ node: NodeBalances; ledger: T }>;
  /**
   * Has all that the node did up to now booked, for this epoch of the database.
   * @throws Error as `compare` does, or when the lease is lost
   */
  importHistory(epoch: bigint): Promise<void>;
  stop(): Promise<void>;
}

interface Waypoint {
  readonly cursor: Cursor;
  /** Runs in the transaction that books the event at `cursor`. */
  readonly reach: (read: Statements) => Promise<void>;
}

export function openSession(
  context: LeaseContext,
  { id, node }: Pick<OwnNode, 'id' | 'node'>,
  lease: Lease,
  book: BookEvents,
  afterBooking: () => void,
  streamChanged: () => void = () => {},
): Session {
  const { db, clock, log } = context;
  let booked = lease.cursor;
  let waypoint: Waypoint | null = null;
  const inTurn = mutex();
  let stopped = false;

  /** @throws Error once another process has the lease */
  async function lockOwn(tx: Tx): Promise<{ cursor: Cursor | null }> {
    const at = await lockSession(tx, id, lease.token);
    if (at !== null) return at;
    lease.lose();
    throw new Error(`the lease of node ${id} was lost`);
  }

  async function bookPiece(piece: readonly NodeEvent[]): Promise<void> {
    const reached = piece.at(-1)?.cursor === waypoint?.cursor ? waypoint : null;
    await withBooks(db, async (tx) => {
      const at = await lockOwn(tx);
      // After a COMMIT whose answer got lost, the piece may be booked already.
      const done = piece.findIndex((event) => event.cursor === at.cursor);
      if (done < 0 && at.cursor !== booked) {
        lease.lose();
        throw new Error(
          `the books of node ${id} are at another place than they were: the database was put back`,
        );
      }
      const fresh = piece.slice(done + 1);
      await book(tx, id, fresh);
      const last = fresh.at(-1);
      if (last !== undefined) await moveCursor(tx, id, last.cursor);
      if (reached !== null) {
        await moveDue(tx);
        await reached.reach(tx);
      }
    });
    booked = piece.at(-1)?.cursor ?? booked;
    if (reached !== null) waypoint = null;
  }

  async function deliver(batch: readonly NodeEvent[]): Promise<void> {
    for (let rest = batch; rest.length > 0; ) {
      rest = await inTurn(async () => {
        const stop = rest.findIndex((event) => event.cursor === waypoint?.cursor);
        const size = stop < 0 ? rest.length : stop + 1;
        await bookPiece(rest.slice(0, size)).catch((error: unknown) => {
          log.error({ node: id, error }, 'events of this node could not be booked; they will come again');
          throw error;
        });
        return rest.slice(size);
      });
    }
    afterBooking();
  }

  function compare<T>(readLedger: (read: Statements) => Promise<T>) {
    const matched = new Promise<{ node: NodeBalances; ledger: T }>((resolve, reject) => {
      inTurn(async () => {
        // Events wait for their turn, so that the node must not take for ever.
        const snapshot = await within(clock, ANSWER_MS, node.balances());
        const reach = async (read: Statements) => resolve({ node: snapshot, ledger: await readLedger(read) });
        if (snapshot.cursor === booked) await reach(db.read);
        else waypoint = { cursor: snapshot.cursor, reach };
      }).catch(reject);
    });
    return within(clock, MATCH_MS, matched).finally(() => {
      waypoint = null;
    });
  }

  /** Whose lease is lost must not take up the stream again: a driver that begins overtakes the one of the new owner. */
  async function readCursor(): Promise<Cursor | null> {
    booked = (await db.tx(lockOwn)).cursor;
    return booked;
  }
  const whole = inTurnOf(mutex(), compare);
  const changed = streamChanged;
  const stream = followStream({ clock, log, id, node, readCursor, deliver, changed }, lease.cursor);

  return {
    stream: stream.health,
    confirmPanic: (epoch) => db.tx((tx) => confirmPanic(tx, id, lease.token, epoch)),
    owned: () => !stopped && lease.held(),
    compare: whole,
    async importHistory(epoch) {
      await whole(async () => null);
      await db.tx(async (tx) => {
        await lockOwn(tx);
        await markImported(tx, id, epoch);
      });
    },
    async stop() {
      stopped = true;
      await stream.stop();
    },
  };
}

/** One after another, in the order of asking. */
function mutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** There is one waypoint at a time, so comparisons wait for each other. */
function inTurnOf(turn: ReturnType<typeof mutex>, compare: Session['compare']): Session['compare'] {
  return (readLedger) => turn(() => compare(readLedger));
}
