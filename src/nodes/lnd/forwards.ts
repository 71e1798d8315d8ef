/**
 * Forwards, and what they earned. LND tells them at once in a stream that is not kept, and up to 15 s later in its
 * history, which is: each counts once, whichever comes first.
 */
import { msat } from '../../money/msat.ts';
import type { Happening } from '../journal.ts';
import type { Notebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import { rememberForward, type Settled } from './hanging.ts';
import type { ForwardingEvent } from './proto/lightning.ts';
import type { HtlcEvent } from './proto/router.ts';
import { type KeptStream, keepStream, type OnRefused } from './streams.ts';

/** LND counts from the start time of a question; seconds since 1970, and how many of those from then on are noted. */
interface Place {
  readonly start: string;
  readonly offset: number;
  /** The second of the newest of these, and how many of it there were. */
  readonly newest?: string;
  readonly ofNewest?: number;
}
const PLACE = 'forwards';
/** `forward:CHANNEL:HTLC`: told by the stream, not yet by the history. */
const PREFIX = 'forward:';
/** LND writes its history so often, in ms. */
const HISTORY_MS = 16_000;
const PAGE = 1_000;

export interface Forwards extends KeptStream {
  /** Reads the history up to its end. */
  catchUp(): Promise<void>;
}

export const beginForwards = (book: Notebook, now: number): Promise<void> =>
  book.note({ facts: [[PLACE, { start: Math.floor(now / 1000).toString(), offset: 0 } satisfies Place]] });

export function watchForwards(
  client: LndClient,
  book: Notebook,
  settled: Settled,
  onRefused: OnRefused,
): Forwards {
  /** Forwards under way: what the stream said when they began. */
  const begun = new Map<string, { readonly amountMsat: bigint; readonly feeMsat: bigint }>();
  /** Read from the history a short while ago: the stream may tell them late. */
  const written = new Set<string>();
  let live = false;
  let reading: Promise<void> = Promise.resolve();

  async function readHistory(): Promise<void> {
    for (;;) {
      const place = book.facts.get(PLACE) as Place;
      const { forwarding_events: events } = await client.lightning.forwardingHistory({
        start_time: place.start,
        index_offset: place.offset,
        num_max_events: PAGE,
      });
      if (events.length === 0) return;
      const facts: [string, unknown][] = [[PLACE, advance(place, events)]];
      const news: Happening[] = [];
      for (const event of events) {
        const key = `${PREFIX}${event.chan_id_in}:${event.incoming_htlc_id ?? `at ${event.timestamp_ns}`}`;
        if (book.facts.has(key)) facts.push([key, null]);
        else news.push(forwarded(BigInt(event.amt_out_msat), BigInt(event.fee_msat)));
        rememberForward(settled, event, BigInt(event.amt_in_msat), BigInt(event.amt_out_msat));
        remember(written, key);
      }
      await book.note({ events: news, facts });
    }
  }

  const catchUp = (): Promise<void> => {
    reading = reading.catch(() => undefined).then(readHistory);
    return reading;
  };

  async function take(event: HtlcEvent): Promise<void> {
    if (event.event_type !== 'FORWARD' || !live) return;
    const key = `${PREFIX}${event.incoming_channel_id}:${event.incoming_htlc_id}`;
    const info = event.forward_event?.info;
    if (info) {
      const amountMsat = BigInt(info.outgoing_amt_msat);
      begun.set(key, { amountMsat, feeMsat: BigInt(info.incoming_amt_msat) - amountMsat });
    } else if (event.settle_event) {
      const forward = begun.get(key);
      begun.delete(key);
      if (forward === undefined || written.has(key)) return;
      const { amountMsat, feeMsat } = forward;
      rememberForward(settled, namesOf(event), amountMsat + feeMsat, amountMsat);
      await book.note({ events: [forwarded(amountMsat, feeMsat)], facts: [[key, true]] });
    } else if (event.forward_fail_event || event.link_fail_event) begun.delete(key);
  }

  const stream = keepStream(
    () => client.router.subscribeHtlcEvents({}),
    take,
    // What was under way, or through, while nobody listened is in the history.
    async () => {
      begun.clear();
      live = namesHtlcs((await client.lightning.getInfo({})).version);
    },
    onRefused,
  );
  const ticking = setInterval(() => catchUp().catch(() => undefined), HISTORY_MS);
  return {
    catchUp,
    stop() {
      clearInterval(ticking);
      stream.stop();
    },
  };
}

/** Before 0.20 the history does not name HTLCs: nothing would tell its forwards from those of the stream. */
const namesHtlcs = (version: string): boolean => !/^v?0\.1\d\./.test(version);

const namesOf = (event: HtlcEvent) => ({
  chan_id_in: event.incoming_channel_id,
  chan_id_out: event.outgoing_channel_id,
  incoming_htlc_id: event.incoming_htlc_id,
  outgoing_htlc_id: event.outgoing_htlc_id,
});

const forwarded = (amountMsat: bigint, feeMsat: bigint): Happening => ({
  kind: 'forwarded',
  amountMsat: msat(amountMsat),
  feeMsat: msat(feeMsat),
});

/** LND walks over what it leaves out: after a page's worth the next question begins at the last second. */
export function advance(place: Place, events: readonly ForwardingEvent[]): Place {
  const offset = place.offset + events.length;
  const seconds = events.map((event) => (BigInt(event.timestamp_ns) / 1_000_000_000n).toString());
  const newest = seconds.at(-1) ?? place.newest ?? place.start;
  // Of a second, an earlier page may have had some.
  const before = newest === place.newest ? (place.ofNewest ?? 0) : 0;
  const ofNewest = before + seconds.filter((second) => second === newest).length;
  if (offset < PAGE || BigInt(newest) <= BigInt(place.start)) return { ...place, offset, newest, ofNewest };
  return { start: newest, offset: ofNewest, newest, ofNewest };
}

function remember(keys: Set<string>, key: string): void {
  keys.add(key);
  if (keys.size > 10 * PAGE) for (const oldest of [...keys].slice(0, PAGE)) keys.delete(oldest);
}
