/** A line of the log for a person at a terminal. Pure. */
import { printable } from '../lightning/text.ts';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};
const LONGEST = 300;

interface Entry {
  readonly level: number;
  /** ms since 1970. */
  readonly time: number;
  readonly msg?: string;
  readonly error?: { readonly message?: string };
  readonly [about: string]: unknown;
}

/**
 * @param entry as JSON, as it is logged
 * @example '16:07:32Z warning: node is down (node eu): eu does not answer'
 */
export function logLine(entry: string): string {
  const { level, time, msg = '', error, ...rest } = JSON.parse(entry) as Entry;
  const about = Object.entries(rest).map(([name, value]) => `${name} ${textOf(value)}`);
  const what = about.length === 0 ? msg : `${msg} (${about.join(', ')})`;
  const why = error?.message === undefined ? '' : `: ${error.message}`;
  const at = new Date(time).toISOString().slice(11, 19);
  return printable(`${at}Z ${LEVELS[level] ?? level}: ${what}${why}`, LONGEST);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
