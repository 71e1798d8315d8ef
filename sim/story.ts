/** What happened, line by line: virtual ms, who, what. */
import type { Log } from '../src/kit/log.ts';

export interface Story {
  tell(who: string, what: string): void;
  logOf(who: string): Log;
  readonly lines: readonly string[];
}

/** @param now virtual ms */
export function openStory(isTold: boolean, now: () => number): Story {
  const lines: string[] = [];
  const tell = (who: string, what: string): void => {
    if (isTold) lines.push(`${now().toFixed(3).padStart(12)}  ${who.padEnd(12)}  ${what}`);
  };
  return { tell, lines, logOf: (who) => logInto(isTold ? (what) => tell(who, what) : null) };
}

const nothing = (): void => {};

function logInto(tell: ((what: string) => void) | null): Log {
  if (tell === null)
    return { debug: nothing, info: nothing, warn: nothing, error: nothing } as unknown as Log;
  const say = (level: string) => (first: unknown, second?: string) => {
    if (typeof first === 'string') return tell(`${level}: ${first}`);
    const { error, ...rest } = first as { error?: unknown };
    const why = error instanceof Error ? ` (${error.message})` : '';
    tell(`${level}: ${second}${why} ${JSON.stringify(rest)}`);
  };
  return { debug: nothing, info: say('info'), warn: say('warn'), error: say('error') } as unknown as Log;
}
