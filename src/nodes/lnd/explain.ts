/**
 * What has happened to the node's channels and coins, told from what it was known to hold and what it holds now. Pure.
 *
 * LND has no numbered history of these: so what is known is kept as facts, and every difference becomes an event.
 */
import { channelId } from '../../lightning/ids.ts';
import { msat } from '../../money/msat.ts';
import type { Happening } from '../journal.ts';
import type { Facts } from '../notebook.ts';
import { satToMsat } from './map.ts';
import { isOurs, type Observation, SETTLED_DEPTH } from './observation.ts';
import type { ChannelCloseSummary, Transaction } from './proto/lightning.ts';

/** A channel that the books know; by its funding outpoint. Amounts in msat. */
export interface KnownChannel {
  readonly capacityMsat: string;
  /** Null: open. Else what has left it, and what of that is not home yet. */
  readonly leftMsat: string | null;
}
/** A transaction of the wallet that the books know. */
export interface KnownTransaction {
  readonly netMsat: string;
  readonly as: 'funding' | 'returned' | 'moved';
}

export const CHANNEL = 'channel:';
const TRANSACTION = 'transaction:';
/** msat that have left closed channels and are neither home nor given up. */
const SETTLING = 'settling';
export const HEIGHT = 'height';

/** What the events so far say that the node holds; in msat. */
export interface Expected {
  readonly channelsMsat: bigint;
  readonly coinsMsat: bigint;
}

export interface Explanation {
  readonly events: readonly Happening[];
  readonly facts: ReadonlyMap<string, unknown>;
}

/** A node that is new to the books: what it holds is its opening balance. */
export function takeStock(now: Observation): Explanation {
  const facts = new Map<string, unknown>([
    [HEIGHT, now.height],
    [SETTLING, '0'],
  ]);
  const add = (point: string, capacity: string) =>
    facts.set(CHANNEL + point, { capacityMsat: satToMsat(capacity).toString(), leftMsat: null });
  for (const channel of now.open) add(channel.channel_point, channel.capacity);
  for (const { channel } of now.opening) if (channel !== null) add(channel.channel_point, channel.capacity);
  for (const tx of now.transactions) facts.set(TRANSACTION + tx.tx_hash, remembered(tx, 'moved'));
  return { events: [], facts };
}

/** Which of the known channels are none of `points`: LND must say what became of them. */
export const isMissing =
  (facts: Facts) =>
  (points: ReadonlySet<string>): boolean =>
    [...facts.keys()].some((key) => key.startsWith(CHANNEL) && !points.has(key.slice(CHANNEL.length)));

export const isClosing = (facts: Facts): boolean =>
  [...facts].some(([key, value]) => key.startsWith(CHANNEL) && (value as KnownChannel).leftMsat !== null);

/**
 * @param late what differs has differed for a while: nothing else is about to explain it
 * @param now.channelsMsat with the node's own HTLCs on closing channels
 */
export function explain(before: Facts, expected: Expected, now: Observation, late: boolean): Explanation {
  const draft = createDraft(before, expected, now);
  tellOpened(draft);
  tellClosed(draft, late);
  tellCoins(draft, late);
  if (late) tellDecidedOnChain(draft);
  tellResolved(draft);
  if (before.get(HEIGHT) !== now.height) draft.set(HEIGHT, now.height);
  return draft;
}

function createDraft(before: Facts, expected: Expected, now: Observation) {
  const events: Happening[] = [];
  const facts = new Map<string, unknown>();
  // Of the many facts of a node few are about its channels and coins.
  const known = [...before.keys()].filter((key) => key.startsWith(CHANNEL) || key.startsWith(TRANSACTION));
  let channelsMsat = expected.channelsMsat;
  const get = <T>(key: string): T | null =>
    (facts.has(key) ? facts.get(key) : (before.get(key) ?? null)) as T | null;
  return {
    events,
    facts,
    now,
    get,
    set: (key: string, value: unknown) => facts.set(key, value),
    keys: (prefix: string) =>
      [...known, ...[...facts.keys()].filter((key) => !before.has(key))].filter(
        (key) => key.startsWith(prefix) && facts.get(key) !== null,
      ),
    tell(event: Happening) {
      events.push(event);
      channelsMsat += channelChange(event);
    },
    /** What the channels should hold by the events, less what they hold. */
    surplusMsat: () => channelsMsat - now.channelsMsat,
    /** What is on its way over the chain. */
    settlingMsat: () => BigInt(get<string>(SETTLING) ?? '0'),
    settle: (byMsat: bigint) =>
      facts.set(SETTLING, (BigInt(get<string>(SETTLING) ?? '0') + byMsat).toString()),
  };
}
type Draft = ReturnType<typeof createDraft>;

const txidOf = (point: string): string => point.split(':')[0] ?? '';
const remembered = (tx: Transaction, as: KnownTransaction['as']): KnownTransaction => ({
  netMsat: satToMsat(tx.amount).toString(),
  as,
});

interface Opened {
  readonly point: string;
  readonly capacityMsat: bigint;
  readonly remoteMsat: bigint;
  readonly ours: boolean;
  readonly confirmed: boolean;
}

function newChannels({ now, get }: Draft): Opened[] {
  const opening = now.opening.flatMap(({ channel }): Opened[] => {
    if (channel === null) return [];
    const capacityMsat = satToMsat(channel.capacity);
    const ours = isOurs(channel);
    const remoteMsat = ours
      ? satToMsat(channel.remote_balance)
      : capacityMsat - satToMsat(channel.local_balance);
    return [{ point: channel.channel_point, capacityMsat, remoteMsat, ours, confirmed: false }];
  });
  const open = now.open.map((channel): Opened => {
    const capacityMsat = satToMsat(channel.capacity);
    const pushed = satToMsat(channel.push_amount_sat);
    const remoteMsat = channel.initiator ? pushed : capacityMsat - pushed;
    return {
      point: channel.channel_point,
      capacityMsat,
      remoteMsat,
      ours: channel.initiator,
      confirmed: true,
    };
  });
  return [...opening, ...open].filter(({ point }) => get(CHANNEL + point) === null);
}

/** Channels that one transaction funds share its fee: the first bears it. */
function tellOpened(draft: Draft): void {
  const { now, get, set, tell } = draft;
  for (const opened of newChannels(draft)) {
    const txid = txidOf(opened.point);
    const tx = now.transactions.find((each) => each.tx_hash === txid);
    // The wallet is about to see it.
    if (opened.ours && tx === undefined && !opened.confirmed) continue;
    const first = get(TRANSACTION + txid) === null;
    const feeMsat = first && tx !== undefined ? satToMsat(tx.total_fees) : 0n;
    tell({
      kind: 'channel_opened',
      channel: channelId(opened.point),
      localMsat: msat(opened.capacityMsat - opened.remoteMsat),
      remoteMsat: msat(opened.remoteMsat),
      fundingFeeMsat: opened.ours ? msat(feeMsat) : null,
    });
    set(CHANNEL + opened.point, { capacityMsat: opened.capacityMsat.toString(), leftMsat: null });
    if (opened.ours && tx !== undefined && first) set(TRANSACTION + txid, remembered(tx, 'funding'));
    // Whatever of it the wallet did not pay came from elsewhere, and the other way round.
    if (!opened.ours) continue;
    const paid = first && tx !== undefined ? satToMsat(tx.amount) : 0n;
    const elsewhere = paid + opened.capacityMsat + feeMsat;
    if (elsewhere !== 0n) tell({ kind: 'coins_moved', txid, amountMsat: elsewhere, feeMsat: msat(0n) });
  }
}

/** Known as open, and neither open nor opening any more: the own side has left, whatever comes of it. */
function tellClosed(draft: Draft, late: boolean): void {
  const { now, get, set, tell } = draft;
  const here = new Set([
    ...now.open.map((channel) => channel.channel_point),
    ...now.opening.map(({ channel }) => channel?.channel_point ?? ''),
  ]);
  const gone = draft.keys(CHANNEL).flatMap((key) => {
    const point = key.slice(CHANNEL.length);
    const channel = get<KnownChannel>(key);
    return channel?.leftMsat === null && !here.has(point) ? [{ point, channel }] : [];
  });
  for (const [at, { point, channel }] of gone.entries()) {
    const { least, most } = ownSide(draft, point, BigInt(channel.capacityMsat));
    const surplus = draft.surplusMsat();
    const last = at === gone.length - 1;
    const fits = surplus >= least && surplus <= most;
    // Something else is about to be told as well.
    if (last && !fits && !late) return;
    const leftMsat = last && fits ? surplus : least;
    tell({ kind: 'channel_closed', channel: channelId(point), localMsat: leftMsat });
    set(CHANNEL + point, { ...channel, leftMsat: leftMsat.toString() });
    draft.settle(leftMsat);
  }
}

/** LND tells whole satoshis of a closing channel, and not whose the HTLCs and the fee of its commitment are. */
function ownSide({ now }: Draft, point: string, capacityMsat: bigint): { least: bigint; most: bigint } {
  const closing = now.closing.get(point);
  if (closing === undefined) return { least: 0n, most: capacityMsat };
  const local = satToMsat(closing.local_balance);
  const most = capacityMsat - satToMsat(closing.remote_balance);
  return { least: local, most: most > local + 999n ? most : local + 999n };
}

/** Every transaction of the wallet once; one that vanished, or confirmed with another effect, is taken back. */
function tellCoins(draft: Draft, late: boolean): void {
  const { now, get, set } = draft;
  const here = new Map(now.transactions.map((tx) => [tx.tx_hash, tx]));
  for (const key of draft.keys(TRANSACTION)) {
    const txid = key.slice(TRANSACTION.length);
    const before = get<KnownTransaction & { height?: number }>(key);
    const tx = here.get(txid);
    if (before === null) continue;
    if (tx === undefined) {
      const deep = before.height !== undefined && before.height < now.height - SETTLED_DEPTH;
      if (!deep) tellMoved(draft, txid, before.as, -BigInt(before.netMsat), 0n);
      set(key, null);
    } else if (tx.block_height > 0 && before.height !== tx.block_height) {
      set(key, { ...before, height: tx.block_height });
    }
  }
  for (const tx of now.transactions) {
    if (get(TRANSACTION + tx.tx_hash) !== null) continue;
    const as = isReturn(draft, tx) ? 'returned' : 'moved';
    // LND says a moment later what it has made a transaction for.
    const mayReturn = tx.label === '' && draft.keys(CHANNEL).some((key) => isLeft(draft, key));
    if (as === 'moved' && mayReturn && !late) continue;
    tellMoved(draft, tx.tx_hash, as, satToMsat(tx.amount), satToMsat(tx.total_fees));
    const height = tx.block_height > 0 ? { height: tx.block_height } : {};
    set(TRANSACTION + tx.tx_hash, { ...remembered(tx, as), ...height });
  }
}

function tellMoved(draft: Draft, txid: string, as: KnownTransaction['as'], net: bigint, fee: bigint): void {
  if (net === 0n) return;
  if (as === 'returned' && (net > 0n || fee === 0n)) {
    draft.tell({ kind: 'coins_returned', txid, amountMsat: net, feeMsat: msat(0n) });
    draft.settle(-net);
    return;
  }
  // A sweep that cost the wallet more than it brought is all fee.
  const feeMsat = net > 0n ? 0n : as === 'returned' ? -net : smaller(fee, -net);
  draft.tell({ kind: 'coins_moved', txid, amountMsat: net, feeMsat: msat(feeMsat) });
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** It spends a channel, or what came of one; or was made by LND's sweeper. */
function isReturn({ get }: Draft, tx: Transaction): boolean {
  return (
    /^0:(sweep|closechannel|justicetx)/.test(tx.label) ||
    tx.previous_outpoints.some(
      ({ outpoint, is_our_output }) =>
        get(CHANNEL + outpoint) !== null ||
        (!is_our_output && get<KnownTransaction>(TRANSACTION + txidOf(outpoint))?.as === 'returned'),
    )
  );
}

const isReturning = ({ get }: Draft, tx: Transaction): boolean =>
  tx.block_height === 0 &&
  BigInt(tx.amount) !== 0n &&
  get<KnownTransaction>(TRANSACTION + tx.tx_hash)?.as === 'returned';
const isLeft = (draft: Draft, key: string): boolean => draft.get<KnownChannel>(key)?.leftMsat != null;

/** Closing channels of which nothing more comes: what left and did not come home was their cost. */
function tellResolved(draft: Draft): void {
  const { now, get, set, tell } = draft;
  // What is not explained yet may have left one of them; what is not confirmed yet may be replaced.
  if (draft.surplusMsat() !== 0n || now.transactions.some((tx) => isReturning(draft, tx))) return;
  const closing = draft.keys(CHANNEL).filter((key) => isLeft(draft, key));
  let unresolved = closing.length;
  for (const key of closing) {
    const point = key.slice(CHANNEL.length);
    const summary = now.closed.find((each) => each.channel_point === point);
    if (now.closing.has(point) || summary === undefined || !isHome(draft, summary)) continue;
    const left = BigInt(get<KnownChannel>(key)?.leftMsat ?? 0);
    const settling = draft.settlingMsat();
    const costMsat = unresolved === 1 ? settling : left - broughtBy(summary);
    tell({ kind: 'channel_resolved', channel: channelId(point), costMsat });
    draft.settle(-costMsat);
    set(key, null);
    unresolved--;
  }
}

/** The wallet has seen what the closing brought. */
function isHome({ now, get }: Draft, summary: ChannelCloseSummary): boolean {
  if (summary.close_type !== 'COOPERATIVE_CLOSE' || BigInt(summary.settled_balance) === 0n) return true;
  return (
    get(TRANSACTION + summary.closing_tx_hash) !== null ||
    now.transactions.every((tx) => tx.tx_hash !== summary.closing_tx_hash)
  );
}

const broughtBy = (summary: ChannelCloseSummary): bigint =>
  summary.close_type === 'COOPERATIVE_CLOSE'
    ? satToMsat(summary.settled_balance)
    : summary.resolutions
        .filter((resolution) => resolution.outcome === 'CLAIMED' || resolution.outcome === 'FIRST_STAGE')
        .reduce((sum, resolution) => sum + satToMsat(resolution.amount_sat), 0n);

/** An HTLC of a closing channel was decided: what it moved is on its way over the chain, or was another's. */
function tellDecidedOnChain(draft: Draft): void {
  const surplus = draft.surplusMsat();
  if (surplus === 0n) return;
  const key = draft.keys(CHANNEL).find((each) => {
    const channel = draft.get<KnownChannel>(each);
    if (isAgreed(draft, each.slice(CHANNEL.length))) return false;
    return channel?.leftMsat != null && absolute(surplus) <= BigInt(channel.capacityMsat);
  });
  const channel = key === undefined ? null : draft.get<KnownChannel>(key);
  if (key === undefined || channel?.leftMsat == null) return;
  draft.tell({ kind: 'channel_closed', channel: channelId(key.slice(CHANNEL.length)), localMsat: surplus });
  draft.set(key, { ...channel, leftMsat: (BigInt(channel.leftMsat) + surplus).toString() });
  draft.settle(surplus);
}

/** Both have agreed to close it: no HTLC hangs there. */
const isAgreed = ({ now }: Draft, point: string): boolean =>
  /CoopBroadcasted/.test(now.closing.get(point)?.chan_status_flags ?? '') ||
  now.closed.some((each) => each.channel_point === point && each.close_type === 'COOPERATIVE_CLOSE');

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** What an event does to the node's channels with what is in flight, and to its coins; a settled part apart. */
export function channelChange(event: Happening): bigint {
  switch (event.kind) {
    case 'invoice_settled':
      return event.receivedMsat;
    case 'forwarded':
      return event.feeMsat;
    case 'channel_opened':
      return event.localMsat;
    case 'channel_closed':
      return -event.localMsat;
    default:
      return 0n;
  }
}

export function coinChange(event: Happening): bigint {
  switch (event.kind) {
    case 'channel_opened':
      return event.fundingFeeMsat === null ? 0n : -event.localMsat - event.remoteMsat - event.fundingFeeMsat;
    case 'coins_returned':
    case 'coins_moved':
      return event.amountMsat;
    default:
      return 0n;
  }
}
