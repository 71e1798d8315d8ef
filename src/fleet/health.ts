/** What a node says right now: read again and again, more often while it is away. */
import { type Clock, within } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import type { Channel, NodeInfo } from '../nodes/node.ts';
import { type Ring, remember } from './chain-view.ts';
import type { OwnNode } from './fleet.ts';
import type { Drain, NodeOwner, NodeProblem, NodeState } from './standing.ts';
import type { StreamHealth } from './stream.ts';

const REFRESH_MS = 5_000;
/** For as long as a node cannot be used: the sooner it is seen to be back, the sooner its payments end. */
const AWAY_REFRESH_MS = 1_000;
/** A node that takes longer to answer, in ms, is taken for silent. */
export const ANSWER_MS = 5_000;
/** Of so many answers the middle one tells the latency. */
const LATENCIES = 31;

/** What a node said when it was asked last. `lagging`: it answers, but is behind its chain by its own word. */
export interface Reading {
  readonly reach: 'up' | 'lagging' | 'down';
  /** As it was said last; null: never. */
  readonly info: NodeInfo | null;
  /** Whoever answers is not the node that was adopted. */
  readonly stranger: boolean;
  readonly channels: readonly Channel[];
  /** The newest blocks that it has named. */
  readonly ring: Ring;
  /** Of the last answers, the median; null: there is none. */
  readonly latencyMs: number | null;
  readonly lastError: { readonly message: string; readonly at: number } | null;
  /** ms since 1970. */
  readonly at: number;
}

export const NEVER_READ: Reading = {
  reach: 'down',
  info: null,
  stranger: false,
  channels: [],
  ring: new Map(),
  latencyMs: null,
  lastError: null,
  at: 0,
};

/** A node as the fleet sees it: what it said, and what follows from all that is known. */
export interface NodeHealth extends Pick<Reading, 'info' | 'channels' | 'latencyMs' | 'lastError' | 'at'> {
  readonly state: NodeState;
  readonly owner: NodeOwner;
  /** Null: its events are not followed from here. */
  readonly stream: StreamHealth | null;
  readonly drains: readonly Drain[];
  readonly problems: readonly NodeProblem[];
}

export type Watch = ReturnType<typeof watchNode>;

export function watchNode(
  context: { readonly clock: Clock; readonly log: Log },
  own: OwnNode,
  pubkey: NodePubkey,
  cameUp: () => void,
) {
  const { clock, log } = context;
  const stopping = new AbortController();
  let wake = new AbortController();
  let current = NEVER_READ;
  let latencies: readonly number[] = [];
  let reading: Promise<Reading> | null = null;

  const answered = (info: NodeInfo, channels: readonly Channel[], tookMs: number): Reading => {
    const stranger = info.pubkey !== pubkey;
    latencies = [...latencies, tookMs].slice(-LATENCIES);
    const lastError = stranger
      ? { message: `another node answers in its place: ${info.pubkey}`, at: clock.now() }
      : current.lastError;
    return {
      reach: stranger ? 'down' : info.synced && info.clock === undefined ? 'up' : 'lagging',
      info,
      stranger,
      channels,
      ring: remember(current.ring, info.blockHeight, info.blockHash),
      latencyMs: middle(latencies),
      lastError,
      at: clock.now(),
    };
  };

  const silent = (error: unknown): Reading => {
    if (current.reach !== 'down' && !stopping.signal.aborted)
      log.warn({ node: own.id, error }, 'node is down');
    const said = error instanceof Error ? error.message : String(error);
    const lastError = { message: `does not answer: ${said}`, at: clock.now() };
    return { ...current, reach: 'down', lastError, at: clock.now() };
  };

  async function read(): Promise<Reading> {
    const asked = clock.elapsed();
    const answer = Promise.all([own.node.info(), own.node.channels()]);
    const next = await within(clock, ANSWER_MS, answer).then(
      ([info, channels]) => answered(info, channels, Math.round(clock.elapsed() - asked)),
      silent,
    );
    const back = next.reach === 'up' && current.reach !== 'up';
    current = next;
    if (back) cameUp();
    return next;
  }

  function refresh(): Promise<Reading> {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  }

  (async () => {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      await clock.sleep(current.reach === 'up' ? REFRESH_MS : AWAY_REFRESH_MS, wake.signal);
      if (!stopping.signal.aborted) await refresh();
    }
  })();

  return {
    current: () => current,
    refresh,
    /** Whether the node has answered, and is the one that was adopted. */
    isItself: () => current.info?.pubkey === pubkey,
    /** Something changed: read again without waiting for the next round. */
    soon: () => wake.abort(),
    stop() {
      stopping.abort();
      wake.abort();
    },
  };
}

const middle = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

/** Sums over active channels; the largest single HTLC is what a payment in one part can use. */
export function liquidity(health: Pick<NodeHealth, 'channels'>) {
  const active = health.channels.filter((channel) => channel.active);
  const sum = (pick: (channel: Channel) => bigint) =>
    active.reduce((total, channel) => total + pick(channel), 0n);
  return {
    spendableMsat: sum((channel) => channel.spendableMsat),
    receivableMsat: sum((channel) => channel.receivableMsat),
    activeChannels: active.length,
  };
}
