/** What a node may be used for, and what is wrong with it, in words for whoever is woken by it. Pure. */
import { formatSat, type Msat } from '../money/msat.ts';
import { type ChainPatience, chainReason, consequenceOf, type Judgement } from './chain-view.ts';
import type { Reading } from './health.ts';
import type { Joining } from './member.ts';
import type { StreamHealth } from './stream.ts';

/**
 * `up`: sends and receives. `disputed`: receives only, for nobody knows which chain is the right one. `lagging`: behind
 * its chain, by its own word. `drained`: by hand or by rule; what is under way goes on. `down`: cannot be used from here.
 */
export const NODE_STATES = ['up', 'disputed', 'lagging', 'drained', 'down'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** Which process drives a node: this one, another, or none. */
export const NODE_OWNERS = ['here', 'elsewhere', 'nobody'] as const;
export type NodeOwner = (typeof NODE_OWNERS)[number];

export interface Drain {
  /** `past`: it was put back to an earlier state. */
  readonly cause: 'hand' | 'rule' | 'past';
  readonly reason: string;
  /** By hand: whose key. */
  readonly principal: string | null;
  /** ms since 1970. */
  readonly since: number;
}

export interface NodeProblem {
  readonly code: ProblemOfNode;
  /** A sentence without its subject, which is the node. */
  readonly text: string;
}
export type ProblemOfNode =
  | 'not_joined'
  | 'no_owner'
  | 'owner_trouble'
  | 'silent'
  | 'another_node'
  | 'stream_ended'
  | 'lagging'
  | 'clock_off'
  | 'drained'
  | 'put_back'
  | 'chain_behind'
  | 'chain_forked'
  | 'chain_disputed'
  | 'chain_quiet'
  | 'no_peers'
  | 'slow'
  | 'over_exposure'
  | 'history_missing';

export interface StandingFacts {
  readonly joining: Joining;
  /** In whose hands it is. `nobody`: no process drives it, or the database was away for too long to know. */
  readonly owner: NodeOwner;
  /** Of an owner elsewhere: why it cannot use the node; null: it can. */
  readonly trouble: string | null;
  readonly reading: Reading;
  /** Null where the node is not driven from here. */
  readonly stream: StreamHealth | null;
  readonly drains: readonly Drain[];
  readonly chain: Judgement | null;
  /** The database was put back, and what the node did since is not in the books. */
  readonly unimported: boolean;
  /** How long the whole fleet has seen no new block, if that is too long; else null. */
  readonly quietMs: number | null;
  /** What it holds, and may hold at most; null: not known, or no cap. */
  readonly exposureMsat: Msat | null;
  readonly exposureMsatMax: Msat | null;
}

const SLOW_MS = 2_000;

export function stateOf(facts: StandingFacts, patience: ChainPatience, nowMs: number): NodeState {
  const { joining, owner, trouble, reading, stream, drains, chain } = facts;
  if (joining.kind === 'waiting' || owner === 'nobody' || reading.reach === 'down') return 'down';
  if (owner === 'here' ? stream === null || stream.error !== null : trouble !== null) return 'down';
  const consequence = chain === null ? 'none' : consequenceOf(chain, patience, nowMs);
  if (drains.length > 0 || consequence === 'drain') return 'drained';
  if (reading.reach === 'lagging') return 'lagging';
  return consequence === 'no_sends' ? 'disputed' : 'up';
}

/** The gravest first. */
export function problemsOf(facts: StandingFacts, nowMs: number): NodeProblem[] {
  return [...absence(facts, nowMs), ...(facts.unimported ? [HISTORY_MISSING] : []), ...trouble(facts, nowMs)];
}

const HISTORY_MISSING: NodeProblem = {
  code: 'history_missing',
  text: 'has not told yet what it did since the database was put back: until it has, no node sends; if it is gone for good, `argosy node go-on-without`',
};

function absence(facts: StandingFacts, nowMs: number): NodeProblem[] {
  const { joining, owner, trouble, reading, stream } = facts;
  if (joining.kind === 'waiting') {
    return [{ code: 'not_joined', text: `has not joined yet, and is tried again: ${joining.reason}` }];
  }
  if (owner === 'nobody') {
    const text =
      'is in nobody’s hands: no worker has taken it up yet (`argosy work`, `argosy up`), or the database was away';
    return [{ code: 'no_owner', text }];
  }
  const { lastError } = reading;
  if (reading.reach === 'down' && lastError !== null) {
    return [{ code: reading.stranger ? 'another_node' : 'silent', text: lastError.message }];
  }
  if (owner === 'elsewhere' && trouble !== null) {
    return [{ code: 'owner_trouble', text: `cannot be used by the worker that has it: it ${trouble}` }];
  }
  if (stream !== null && stream.error !== null) {
    const text = `its events have not come for ${spanText(nowMs - stream.since)}: ${stream.error}`;
    return [{ code: 'stream_ended', text }];
  }
  return [];
}

function trouble(facts: StandingFacts, nowMs: number): NodeProblem[] {
  const { reading, drains, chain, quietMs, exposureMsat, exposureMsatMax } = facts;
  const reason = chain === null ? null : chainReason(chain.verdict);
  const { info, latencyMs } = reading;
  const present = reading.reach !== 'down';
  const found: (NodeProblem | false)[] = [
    ...drains.map(({ cause, reason, principal, since }): NodeProblem => {
      if (cause === 'past') return { code: 'put_back', text: reason };
      const by = cause === 'hand' ? `drained by ${principal ?? 'hand'}` : 'drained by rule';
      return { code: 'drained', text: `${by} for ${spanText(nowMs - since)}: ${reason}` };
    }),
    reason !== null &&
      chain !== null &&
      !drains.some((drain) => drain.cause === 'rule') && {
        code: `chain_${chain.verdict.kind as 'behind' | 'forked' | 'disputed'}`,
        text: reason,
      },
    present &&
      info?.clock !== undefined && {
        code: 'clock_off',
        text: `has a clock that is ${info.clock} of Argosy's by 10 s or more: it sends nothing, for it cannot tell a part that comes late; have both set by NTP`,
      },
    reading.reach === 'lagging' &&
      info?.synced === false && {
        code: 'lagging',
        text: `says that it is behind its chain${info === null ? '' : ` (block ${info.blockHeight})`}; it sends nothing until it has caught up`,
      },
    present &&
      quietMs !== null && {
        code: 'chain_quiet',
        text: `has seen no new block for ${spanText(quietMs)}, nor has any other node: compare with a block explorer`,
      },
    present && info?.peers === 0 && { code: 'no_peers', text: 'is connected to no peer: see its network' },
    present &&
      latencyMs !== null &&
      latencyMs > SLOW_MS && { code: 'slow', text: `takes ${latencyMs} ms to answer` },
    exposureMsat !== null &&
      exposureMsatMax !== null &&
      exposureMsat > exposureMsatMax && {
        code: 'over_exposure',
        text: `holds ${formatSat(exposureMsat)} sat, and may hold ${formatSat(exposureMsatMax)}: it issues no invoices until it holds less`,
      },
  ];
  return found.filter((problem) => problem !== false);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const spanText = (ms: number): string => {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  return ms < HOUR_MS ? `${Math.floor(ms / MINUTE_MS)} min` : `${Math.floor(ms / HOUR_MS)} h`;
};
