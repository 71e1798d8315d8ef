/** States and times in words: a colour only repeats what the word and its sign say. */
import type { Paint } from './print.ts';

interface Wording {
  readonly sign: string;
  readonly word: string;
  readonly style: 'green' | 'red' | 'yellow' | 'dim';
}

const STATES: Readonly<Record<string, Wording>> = {
  // payments and their parts
  pending: { sign: '…', word: 'pending', style: 'yellow' },
  planned: { sign: '…', word: 'planned', style: 'yellow' },
  in_flight: { sign: '…', word: 'in flight', style: 'yellow' },
  unknown: { sign: '?', word: 'unknown', style: 'yellow' },
  settled: { sign: '✓', word: 'settled', style: 'green' },
  failed: { sign: '✗', word: 'failed', style: 'red' },
  // on the chain
  published: { sign: '…', word: 'published', style: 'yellow' },
  confirmed: { sign: '✓', word: 'confirmed', style: 'green' },
  // invoices
  new: { sign: '…', word: 'open', style: 'yellow' },
  expired: { sign: '✗', word: 'expired', style: 'dim' },
  cancelled: { sign: '✗', word: 'cancelled', style: 'dim' },
  // nodes
  up: { sign: '✓', word: 'up', style: 'green' },
  disputed: { sign: '?', word: 'disputed', style: 'yellow' },
  drained: { sign: '–', word: 'drained', style: 'yellow' },
  lagging: { sign: '?', word: 'lagging', style: 'yellow' },
  down: { sign: '✗', word: 'down', style: 'red' },
};

/** @example stateText('settled', paint) // '✓ settled' */
export function stateText(state: string, paint: Paint): string {
  const wording = STATES[state];
  return wording === undefined ? state : paint(wording.style, `${wording.sign} ${wording.word}`);
}

/** The sign alone. @example stateSign('up', paint) // '✓' */
export function stateSign(state: string, paint: Paint): string {
  const wording = STATES[state];
  return wording === undefined ? ' ' : paint(wording.style, wording.sign);
}

const OBSTACLES: Readonly<Record<string, string>> = {
  node_down: 'node is down',
  node_lagging: 'node lags behind the chain',
  node_drained: 'node is drained',
  chain_disputed: 'nobody knows whose chain is right',
  no_liquidity: 'has not that much to send',
  no_route: 'knows no route',
  fee_limit: 'fee is above the limit',
  route_failed_before: 'this route failed before',
};

export const obstacleText = (obstacle: string): string => OBSTACLES[obstacle] ?? obstacle;

const ADVANTAGES: Readonly<Record<string, string>> = {
  only_one: 'the only one that can',
  cheapest: 'the cheapest',
  preferred_region: 'as cheap as others, in the preferred region',
  most_spendable: 'as cheap as others, with most to send',
  none: 'as good as others',
};

/** Why this node and no other. */
export const advantageText = (why: string): string => ADVANTAGES[why] ?? why;

/** @example timeText('2026-11-21T12:00:00.000Z') // '2026-11-21 12:00:00Z' */
export const timeText = (iso: string | null): string =>
  iso === null ? '-' : `${iso.slice(0, 19).replace('T', ' ')}Z`;

/** For comparing with a log. @example exactTimeText('2026-11-21T12:00:00.250Z') // '2026-11-21 12:00:00.250Z' */
export const exactTimeText = (iso: string | null): string => (iso === null ? '-' : iso.replace('T', ' '));

const MINUTE_S = 60;
const HOUR_S = 3600;

/** @example durationText(1234) // '1.2 s'; durationText(244_000) // '4 min 4 s' */
export function durationText(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < MINUTE_S) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor((seconds % HOUR_S) / MINUTE_S);
  return seconds < HOUR_S
    ? `${minutes} min ${seconds % MINUTE_S} s`
    : `${Math.floor(seconds / HOUR_S)} h ${minutes} min`;
}

/** @example countText(1, 'channel') // '1 channel' */
export const countText = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
