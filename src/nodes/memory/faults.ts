/** What can go wrong at a simulated node, as switches. */
import type { Cursor, LightningNode } from '../node.ts';

export type Verb = Exclude<keyof LightningNode, 'facets' | 'subscribe' | 'stop'> | 'find' | 'open' | 'close';

interface LostCall {
  readonly verb: Verb | null;
  /** A lost request is never carried out, a lost response is: the caller cannot tell one from the other. */
  readonly what: 'request' | 'response';
  left: number;
}

export interface FaultState {
  up: boolean;
  synced: boolean;
  /** ms by which every answer is late. */
  delayMs: number;
  lost: LostCall[];
  /** Lost calls never answer, instead of rejecting. */
  silent: boolean;
  /** Complete payments are held. */
  holding: boolean;
  /** HTLCs to be forwarded stay where they are. */
  sticking: boolean;
  /** Failures of this node cannot be read by the sender. */
  garbling: boolean;
  /** Expired invoices are still taken. */
  takingLate: boolean;
  /** HTLCs for what it has been paid already are taken, too. */
  takingAgain: boolean;
  /** The height that its source of blocks has stopped at. */
  stuckAt: number | null;
  /** From this height on it follows other blocks than the rest of the network. */
  forkedAt: number | null;
}

export const noFaults = (): FaultState => ({
  up: true,
  synced: true,
  delayMs: 0,
  lost: [],
  silent: false,
  holding: false,
  sticking: false,
  garbling: false,
  takingLate: false,
  takingAgain: false,
  stuckAt: null,
  forkedAt: null,
});

/** Takes the fault that hits this call, if one does. */
export function takeLoss(faults: FaultState, verb: Verb): 'request' | 'response' | null {
  if (faults.lost.length === 0) return null;
  const hit = faults.lost.find((loss) => loss.verb === null || loss.verb === verb);
  if (hit === undefined) return null;
  hit.left -= 1;
  if (hit.left <= 0) faults.lost = faults.lost.filter((loss) => loss !== hit);
  return hit.what;
}

/** The switches of one node. Each stays as it is set until it is set again. */
export interface Faults {
  /** The process dies: calls reject, peers lose it, HTLCs stay where they are. */
  kill(): void;
  /** It comes back with all that it knew, and goes on. */
  start(): void;
  /** The next `count` calls (of `verb`, or any) are not carried out and reject. */
  loseRequests(count: number, verb?: Verb): void;
  /** The next `count` calls are carried out, and reject all the same. */
  dropResponses(count: number, verb?: Verb): void;
  /** Lost calls hang for ever (true) or reject (false, as at first). */
  hangLostCalls(on: boolean): void;
  delayAnswers(ms: number): void;
  /** The node keeps complete payments instead of settling them. */
  holdPayments(): void;
  /** Settles what is held, and holds nothing any more. */
  releasePayments(): void;
  /** HTLCs of others stay with this node instead of going on. */
  stickForwards(): void;
  /** Lets them go on. */
  unstickForwards(): void;
  garbleFailures(on: boolean): void;
  takeLatePayments(on: boolean): void;
  /** Whoever pays again pays twice: the node keeps what it can, as any node on the way that knows the preimage could. */
  takeAgain(on: boolean): void;
  lagBehindChain(on: boolean): void;
  /** Its source of blocks stops here, and it does not notice: it says that it is synced. */
  stopBlocks(on: boolean): void;
  /** From the newest block on, its blocks are others than the network's. */
  forkChain(on: boolean): void;
  /** Every subscription of the node ends for good. */
  endStreams(why: string): void;
  /** Forgets every part and invoice that is over. HTLCs, balances and events stay. */
  deleteHistory(): void;
  /** Forgets the events up to and including `cursor`: who resumes before it gets those after it. */
  forgetEvents(cursor: Cursor): void;
}
