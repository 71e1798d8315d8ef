/** Steady errands, both ways. While it is paused none begins; those that have begun go on, over all kills. */
import type { Errand } from '../../src/cli/traffic/plan.ts';
import { Closed, type Door } from './door.ts';
import { askFor, runErrand } from './errand.ts';
import type { Asked } from './seen.ts';

export interface Traffic {
  /** All that were ever begun. */
  readonly asked: readonly Asked[];
  run(): void;
  pause(): void;
  /** How many have not ended. */
  underWay(): number;
  /** Rejects with what no client can make sense of. */
  readonly broken: Promise<never>;
}

export interface TrafficOptions {
  readonly door: Door;
  readonly seed: string;
  readonly perSecond: number;
  readonly errandOf: (number: number) => Errand;
}

const MOST_AT_ONCE = 48;

export function createTraffic({ door, seed, perSecond, errandOf }: TrafficOptions): Traffic {
  const asked: Asked[] = [];
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    if (underWay >= MOST_AT_ONCE) return;
    const each = askFor(seed, asked.length, errandOf(asked.length));
    asked.push(each);
    underWay++;
    runErrand(door, each)
      .catch((error: unknown) => {
        if (!(error instanceof Closed)) broken.reject(error);
      })
      .finally(() => underWay--);
  };
  const pause = (): void => clearInterval(timer);
  return {
    asked,
    run() {
      pause();
      timer = setInterval(begin, 1_000 / perSecond);
    },
    pause,
    underWay: () => underWay,
    broken: broken.promise,
  };
}
