/** What is known of a node right now: whether it answers, and what its channels could send and receive. */
import { type Clock, within } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { NodePubkey } from '../lightning/ids.ts';
import type { Channel, NodeInfo } from '../nodes/node.ts';
import type { OwnNode } from './fleet.ts';

const REFRESH_MS = 5_000;
/** For as long as a node cannot be used: the sooner it is seen to be back, the sooner its payments end. */
const AWAY_REFRESH_MS = 1_000;
/** A node that takes longer to answer, in ms, is taken for silent. */
export const ANSWER_MS = 5_000;

/** `down`: does not answer. `lagging`: answers, but is behind its chain and must not send. */
export interface NodeHealth {
  readonly state: 'up' | 'lagging' | 'down';
  readonly info: NodeInfo | null;
  readonly channels: readonly Channel[];
  /** ms since 1970. */
  readonly at: number;
}

export const NEVER_SEEN: NodeHealth = { state: 'down', info: null, channels: [], at: 0 };

export type Watch = ReturnType<typeof watchHealth>;

export function watchHealth(
  context: { readonly clock: Clock; readonly log: Log },
  own: OwnNode,
  pubkey: NodePubkey,
  cameUp: () => void,
) {
  const { clock, log } = context;
  const stopping = new AbortController();
  let wake = new AbortController();
  let current = NEVER_SEEN;
  let reading: Promise<NodeHealth> | null = null;

  async function read(): Promise<NodeHealth> {
    const answer = Promise.all([own.node.info(), own.node.channels()]);
    const next = await within(clock, ANSWER_MS, answer).then(
      ([info, channels]): NodeHealth => ({
        state: info.synced ? 'up' : 'lagging',
        info,
        channels,
        at: clock.now(),
      }),
      (error: unknown): NodeHealth => {
        if (current.state !== 'down' && !stopping.signal.aborted)
          log.warn({ node: own.id, error }, 'node is down');
        return { ...current, state: 'down', at: clock.now() };
      },
    );
    const back = next.state === 'up' && current.state !== 'up';
    current = next;
    if (back) cameUp();
    return next;
  }

  function refresh(): Promise<NodeHealth> {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  }

  (async () => {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      await clock.sleep(current.state === 'up' ? REFRESH_MS : AWAY_REFRESH_MS, wake.signal);
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

/** Sums over active channels; the largest single HTLC is what a payment in one part can use. */
export function liquidity(health: NodeHealth) {
  const active = health.channels.filter((channel) => channel.active);
  const sum = (pick: (channel: Channel) => bigint) =>
    active.reduce((total, channel) => total + pick(channel), 0n);
  return {
    spendableMsat: sum((channel) => channel.spendableMsat),
    receivableMsat: sum((channel) => channel.receivableMsat),
    activeChannels: active.length,
  };
}
