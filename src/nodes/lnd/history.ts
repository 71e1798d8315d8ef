/**
 * What the node pays and the journal does not know: other software does it, or an Argosy whose journal was put back.
 * LND numbers its payments; those after the last number that was read are read when the driver begins, and now and then.
 * One under way may get another HTLC later: it is looked at again until it is over.
 */
import type { Notebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import type { Parts } from './parts.ts';
import type { Payment } from './proto/lightning.ts';

/** The number up to which all payments are read, and over or kept as `UNENDED`. */
const PLACE = 'payments';
/** `unended:HASH`: the number of a payment that was not over when others went past it. */
const UNENDED = 'unended:';
const PAGE = '500';
const TICK_MS = 5_000;
/** A payment that takes longer, in ms, keeps others waiting no more. */
const PATIENCE_MS = 60_000;
/** So many of those are kept, and so many looked at in one turn. */
const KEPT = 5_000;
const LOOKS = 20;

export interface History {
  /** Reads it up to its end. @throws LndError */
  catchUp(): Promise<void>;
  stop(): void;
}

/** Where a node that is new to the books begins: what has been paid is paid; what is under way is followed. */
export async function beginHistory(client: LndClient, book: Notebook, parts: Parts): Promise<void> {
  const { payments } = await client.lightning.listPayments({
    include_incomplete: true,
    reversed: true,
    max_payments: '100',
  });
  for (const payment of payments.filter((each) => !isOver(each))) await parts.take(payment);
  await book.note({ facts: [[PLACE, payments.at(-1)?.payment_index ?? '0']] });
}

/** Reads what came while nobody did. @throws LndError */
export async function openHistory(client: LndClient, book: Notebook, parts: Parts): Promise<History> {
  if (!book.facts.has(PLACE)) await beginHistory(client, book, parts);
  let read = BigInt(book.facts.get(PLACE) as string);
  /** By hash: read and not over, whether by number they lie before the noted place or not. */
  const waiting = new Map<string, { readonly index: bigint; readonly since: number }>();
  let turn: Promise<void> = Promise.resolve();

  const unended = (): string[] =>
    [...book.facts.keys()].filter((key) => key.startsWith(UNENDED)).map((key) => key.slice(UNENDED.length));

  async function readPages(): Promise<void> {
    for (;;) {
      const { payments } = await client.lightning.listPayments({
        include_incomplete: true,
        index_offset: read.toString(),
        max_payments: PAGE,
      });
      for (const payment of payments) {
        await parts.take(payment);
        const index = BigInt(payment.payment_index);
        if (!isOver(payment)) waiting.set(payment.payment_hash, { index, since: performance.now() });
        read = index;
      }
      if (payments.length < Number(PAGE)) return;
    }
  }

  /** @returns whether nothing more comes of it */
  async function lookAgain(hash: string): Promise<boolean> {
    const payment = await parts.readPayment(hash);
    if (payment !== null) await parts.take(payment);
    return payment === null || isOver(payment);
  }

  async function lookAtWaiting(): Promise<[string, string | null][]> {
    const facts: [string, string | null][] = [];
    for (const [hash, { index, since }] of waiting) {
      const late = performance.now() - since > PATIENCE_MS;
      if (parts.isUnderWay(hash) && !late) continue;
      const over = await lookAgain(hash);
      if (!over && !late) continue;
      waiting.delete(hash);
      if (!over) facts.push([UNENDED + hash, index.toString()]);
    }
    return facts;
  }

  async function lookAtUnended(hashes: readonly string[]): Promise<[string, null][]> {
    const facts: [string, null][] = [];
    for (const hash of hashes) if (await lookAgain(hash)) facts.push([UNENDED + hash, null]);
    return facts;
  }

  async function readOnce(): Promise<void> {
    await readPages();
    const before = unended();
    const facts: [string, string | null][] = [
      ...(await lookAtWaiting()),
      ...(await lookAtUnended(before.slice(-LOOKS))),
      ...before.slice(0, -KEPT).map((hash): [string, null] => [UNENDED + hash, null]),
    ];
    const first = [...waiting.values()].reduce(
      (least, { index }) => (index <= least ? index - 1n : least),
      read,
    );
    if (facts.length > 0 || book.facts.get(PLACE) !== first.toString())
      await book.note({ facts: [...facts, [PLACE, first.toString()]] });
  }

  const catchUp = (): Promise<void> => {
    turn = turn.catch(() => undefined).then(readOnce);
    return turn;
  };

  const over = await lookAtUnended(unended());
  if (over.length > 0) await book.note({ facts: over });
  await catchUp();
  const ticking = setInterval(() => void catchUp().catch(() => undefined), TICK_MS);
  return { catchUp, stop: () => clearInterval(ticking) };
}

/** Nothing more comes of it: neither an HTLC nor the end of one. */
const isOver = ({ status, htlcs }: Payment): boolean =>
  (status === 'SUCCEEDED' || status === 'FAILED') && htlcs.every((htlc) => htlc.status !== 'IN_FLIGHT');
