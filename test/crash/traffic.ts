/** Steady errands, both ways. While it is paused none begins; those that have begun go on, over all kills. */
import { Closed, type Entrance } from './door.ts';
import { askFor, type Errand, runErrand, runSecond } from './errand.ts';
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
  readonly door: Entrance;
  readonly seed: string;
  readonly perSecond: number;
  readonly errandOf: (number: number) => Errand;
  /** Default 48. */
  readonly mostAtOnce?: number;
}

const MOST_AT_ONCE = 48;

export function createTraffic(options: TrafficOptions): Traffic {
  const { door, seed, perSecond, errandOf, mostAtOnce = MOST_AT_ONCE } = options;
  const asked: Asked[] = [];
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  let underWay = 0;
  let begun = 0;
  let timer: NodeJS.Timeout | undefined;
  const run = (each: Asked, work: Promise<void>): void => {
    asked.push(each);
    underWay++;
    work
      .catch((error: unknown) => {
        if (!(error instanceof Closed)) broken.reject(error);
      })
      .finally(() => underWay--);
  };
  const begin = (): void => {
    if (underWay >= mostAtOnce) return;
    const number = begun++;
    const errand = errandOf(number);
    const each = askFor(seed, number, errand);
    run(each, runErrand(door, each));
    if (errand.twice !== true) return;
    const second = askFor(seed, number, errand, `${each.key}-second`);
    run(second, runSecond(door, each, second));
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
