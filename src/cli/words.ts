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
  // invoices
  new: { sign: '…', word: 'open', style: 'yellow' },
  expired: { sign: '✗', word: 'expired', style: 'dim' },
  cancelled: { sign: '✗', word: 'cancelled', style: 'dim' },
  // nodes
  up: { sign: '✓', word: 'up', style: 'green' },
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
  no_liquidity: 'has not that much to send',
  no_route: 'knows no route',
  fee_limit: 'fee is above the limit',
  route_failed_before: 'this route failed before',
};

export const obstacleText = (obstacle: string): string => OBSTACLES[obstacle] ?? obstacle;

/** @example timeText('2026-11-21T12:00:00.000Z') // '2026-11-21 12:00:00Z' */
export const timeText = (iso: string | null): string =>
  iso === null ? '-' : `${iso.slice(0, 19).replace('T', ' ')}Z`;

/** @example durationText(1234) // '1.2 s' */
export const durationText = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** @example countText(1, 'channel') // '1 channel' */
export const countText = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
