/**
 * Balances that are exact at their cursor. LND tells what it holds and what has happened in places that do not wait
 * for each other: so both are read until they agree. What differs for longer than anything takes to be told is a
 * difference, and is shown as it is: the proof of the books will say so.
 */
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import type { Happening, Journal } from '../journal.ts';
import { cursorOf } from '../journal.ts';
import type { NodeBalances } from '../node.ts';
import type { Notebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import {
  channelChange,
  coinChange,
  type Expected,
  explain,
  HEIGHT,
  isClosing,
  isMissing,
  takeStock,
} from './explain.ts';
import { forgetGone, htlcName, type Settled } from './hanging.ts';
import { hex } from './map.ts';
import { type Observation, observe, SETTLED_DEPTH } from './observation.ts';
import type { Parts } from './parts.ts';

/** A difference that lasts so long, in ms, while nothing moves, is one. */
const GRACE_MS = 1_500;
/** A node that never rests is not waited for any longer, in ms. */
const PATIENCE_MS = 4_500;
const AGAIN_MS = 20;
/** Closing channels are looked at so often, in ms. */
const CLOSING_MS = 2_000;
const EXPECTED = 'expected';

/** What the events say is noted at least so often: those before may be dropped, and are not needed for it. */
const KEEP_EVERY = 1_000;

interface KeptExpectation {
  readonly place: number;
  readonly channelsMsat: string;
  readonly coinsMsat: string;
}

/** What was seen, and where it stands among the events. */
interface Compared {
  readonly seen: Observation;
  /** The events explain it; or nothing is about to. */
  readonly settled: boolean;
  readonly place: number;
  readonly inFlight: NodeBalances['inFlight'];
}

export interface Accounts {
  /** Every event as it is noted. */
  count(event: Happening): void;
  balances(): Promise<NodeBalances>;
  /** Something may have changed: find out what, soon. */
  look(): void;
  stop(): void;
}

export interface AccountsContext {
  readonly client: LndClient;
  readonly book: Notebook;
  readonly parts: Parts;
  readonly settled: Settled;
  /** Reads whatever is told late. */
  readonly catchUp: () => Promise<void>;
}

/** What the events up to now say that the node holds. @returns null for a node that is new to the books */
export async function readExpected(journal: Journal, book: Notebook, parts: Parts): Promise<Expected | null> {
  const kept = book.facts.get(EXPECTED) as KeptExpectation | undefined;
  if (kept === undefined) return null;
  let channelsMsat = BigInt(kept.channelsMsat);
  let coinsMsat = BigInt(kept.coinsMsat);
  for (let { place } = kept; place < book.newest(); ) {
    const events = await journal.after(place, 1_000);
    for (const { happening } of events) {
      channelsMsat += channelChange(happening) - leaves(parts, happening);
      coinsMsat += coinChange(happening);
    }
    place = events.at(-1)?.place ?? book.newest();
  }
  return { channelsMsat, coinsMsat };
}

const leaves = (parts: Parts, event: Happening): bigint =>
  event.kind === 'part_settled' ? parts.leavesMsat(event.token) : 0n;

export function createAccounts(context: AccountsContext, start: Expected | null): Accounts {
  const { client, book, parts } = context;
  let expected = start;
  let keptAt = book.newest();
  let stopped = false;
  let turn: Promise<unknown> = Promise.resolve();
  let looking = false;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.catch(() => undefined).then(work);
    turn = mine;
    return mine;
  };

  async function read(): Promise<Observation | null> {
    const height = Number(book.facts.get(HEIGHT) ?? (await client.lightning.getInfo({})).block_height);
    const seen = await observe(client, height - SETTLED_DEPTH, isMissing(book.facts));
    if (seen === null) return null;
    forgetGone(context.settled, seen.open);
    return { ...seen, channelsMsat: seen.channelsMsat + inTransitMsat(context, seen) };
  }

  function keep(now: Expected): Promise<void> {
    expected = now;
    keptAt = book.newest();
    const { channelsMsat, coinsMsat } = now;
    const kept: KeptExpectation = {
      place: keptAt,
      channelsMsat: channelsMsat.toString(),
      coinsMsat: coinsMsat.toString(),
    };
    return book.note({ facts: [[EXPECTED, kept]] });
  }

  /** One reading, told. Null when the node moved meanwhile. */
  async function compare(lasts: (seen: Observation) => boolean): Promise<Compared | null> {
    const seen = await read();
    if (seen === null || expected === null) return null;
    const late = lasts(seen);
    const told = explain(book.facts, expected, seen, late);
    if (told.events.length > 0 || told.facts.size > 0) await book.note(told);
    // What is noted from here on comes after this moment.
    const place = book.newest();
    const exact = isSame(expected, seen);
    if (late) expected = { channelsMsat: seen.channelsMsat, coinsMsat: seen.coinsMsat };
    const inFlight = parts
      .open()
      .filter((part) => part.attempt !== null)
      .map((part) => ({ paymentHash: part.hash, amountMsat: part.leavesMsat }));
    return { seen, settled: exact || late, place, inFlight };
  }

  /** The opening balance: what two readings with a rest between them agree on. */
  async function begin(): Promise<void> {
    let before = await read();
    while (!stopped) {
      await rest(10 * AGAIN_MS);
      // A forward that is told later must have come later.
      await context.catchUp();
      const seen = await read();
      if (seen !== null && before !== null && isSame(seen, before)) {
        await Promise.all([book.note(takeStock(seen)), keep(seen)]);
        return;
      }
      before = seen;
    }
  }

  async function agree(): Promise<Compared> {
    if (expected === null) await begin();
    const began = Date.now();
    let standing = { key: '', since: began };
    const lasts = (seen: Observation): boolean => {
      const key = `${seen.channelsMsat} ${seen.coinsMsat} ${book.newest()}`;
      if (key !== standing.key) standing = { key, since: Date.now() };
      return Date.now() - standing.since > GRACE_MS;
    };
    while (!stopped) {
      const result = await compare(lasts);
      if (result?.settled) {
        if (expected !== null) await keep(expected);
        return result;
      }
      if (result !== null) await context.catchUp();
      if (Date.now() - began > PATIENCE_MS) throw new Error('LND is too busy for its balances to be read');
      await rest(AGAIN_MS);
    }
    throw new Error('the node is stopped');
  }

  function look(): void {
    if (looking || stopped) return;
    looking = true;
    void inTurn(async () => {
      looking = false;
      await agree();
    }).catch(() => undefined);
  }
  // LND says that a channel has closed, and only later lets go of it.
  const ticking = setInterval(() => {
    if (isClosing(book.facts)) look();
  }, CLOSING_MS);

  return {
    count(event) {
      if (expected === null) return;
      expected = {
        channelsMsat: expected.channelsMsat + channelChange(event) - leaves(parts, event),
        coinsMsat: expected.coinsMsat + coinChange(event),
      };
      if (book.newest() - keptAt >= KEEP_EVERY) void keep(expected).catch(() => undefined);
    },
    balances: () =>
      inTurn(async () => {
        const { seen, place, inFlight } = await agree();
        const out = inFlight.reduce((sum, part) => sum + part.amountMsat, 0n);
        const channelsMsat = msat(seen.channelsMsat - out);
        return { cursor: cursorOf(place), channelsMsat, inFlight, onchainMsat: msat(seen.coinsMsat) };
      }).then(async (balances) => {
        await book.written();
        return balances;
      }),
    look,
    stop() {
      clearInterval(ticking);
      stopped = true;
    },
  };
}

const isSame = (a: Expected, b: Expected): boolean =>
  a.channelsMsat === b.channelsMsat && a.coinsMsat === b.coinsMsat;

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * HTLCs whose end is told already while the commitment still has them: what is paid is gone, what is received is here.
 * And own HTLCs on channels that are closing, which LND counts nowhere.
 */
function inTransitMsat({ parts, settled }: AccountsContext, seen: Observation): bigint {
  let adjustment = 0n;
  const unended = parts.open().filter((part) => part.attempt !== null);
  for (const channel of seen.open) {
    for (const htlc of channel.pending_htlcs) {
      const hash = hex(htlc.hash_lock);
      const name = htlcName(channel.chan_id, htlc.htlc_index);
      if (htlc.incoming) {
        adjustment += settled.incoming.get(name) ?? 0n;
        continue;
      }
      // Parts of one hash may differ by less than a satoshi: one that has no end has an HTLC of its own.
      const mine = unended.findIndex(
        (part) => part.hash === hash && part.leavesMsat / MSAT_PER_SAT === BigInt(htlc.amount),
      );
      if (mine >= 0) {
        unended.splice(mine, 1);
        continue;
      }
      const paid = parts.settled(hash).find((leaving) => leaving / MSAT_PER_SAT === BigInt(htlc.amount));
      adjustment -= paid ?? settled.outgoing.get(name) ?? 0n;
    }
  }
  if (seen.closing.size === 0) return adjustment;
  return adjustment + unended.reduce((sum, part) => sum + part.leavesMsat, 0n);
}
