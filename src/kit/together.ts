/**
 * Many who ask for the same at once are answered together: store functions that ask in one statement for all callers
 * of one moment, and works that share one transaction. Whoever is alone pays nothing for it but a turn of the event
 * loop.
 */
import { CommitUnknown, type Statements, type Tx } from './db.ts';

interface Asked<In, Out> {
  readonly one: In;
  resolve(out: Out): void;
  reject(error: unknown): void;
}

const MOST = 100;

/**
 * A store function out of one that takes many: calls on the same transaction (or outside of one) that come in the same
 * turn of the event loop become one statement. `run` answers in the order of what it was asked. What fails for one
 * fails for all: in a transaction it would anyway.
 */
export function together<On extends Statements, In, Out>(
  run: (on: On, all: readonly In[]) => Promise<readonly Out[]>,
): (on: On, one: In) => Promise<Out> {
  const waiting = new WeakMap<Statements['query'], Asked<In, Out>[]>();

  const answer = async (on: On, all: readonly Asked<In, Out>[]): Promise<void> => {
    try {
      const outs = await run(
        on,
        all.map(({ one }) => one),
      );
      for (const [index, { resolve }] of all.entries()) resolve(outs[index] as Out);
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  };
  return (on, one) =>
    new Promise<Out>((resolve, reject) => {
      const mine = { one, resolve, reject };
      const others = waiting.get(on.query);
      if (others !== undefined && others.length < MOST) return void others.push(mine);
      const all = [mine];
      waiting.set(on.query, all);
      setImmediate(() => {
        if (waiting.get(on.query) === all) waiting.delete(on.query);
        void answer(on, all);
      });
    });
}

/** As `together`, for what only writes. */
export const writeTogether = <In>(
  write: (tx: Tx, all: readonly In[]) => Promise<unknown>,
): ((tx: Tx, one: In) => Promise<void>) =>
  together(async (tx: Tx, all: readonly In[]) => {
    await write(tx, all);
    return all.map(() => undefined);
  }) as (tx: Tx, one: In) => Promise<void>;

/** As `together`, for what is the same for all who ask. */
export function askTogether<Out>(ask: (on: Statements) => Promise<Out>): (on: Statements) => Promise<Out> {
  const askOnce = together(async (on: Statements, all: readonly null[]) => {
    const out = await ask(on);
    return all.map(() => out);
  });
  return (on) => askOnce(on, null);
}

/** A work that may share its transaction with others, but never with one of which it has a key. */
export interface Shared<In> {
  readonly item: In;
  readonly keys: readonly string[];
}

/**
 * Group commit: what comes while a run is under way waits, and goes into the next run together. When a run of several
 * fails, each of them runs again by itself, for who is to blame is not known; not so when it may have been committed.
 * @param run does all or nothing, and answers in the order of what it was given
 */
export function inGroups<In, Out>(
  run: (items: readonly In[]) => Promise<readonly Out[]>,
): (shared: Shared<In>) => Promise<Out> {
  let waiting: Asked<Shared<In>, Out>[] = [];
  let running = false;

  /** The first that waits, and those that may go with it; of equal keys in the order in which they came. */
  function nextGroup(): Asked<Shared<In>, Out>[] {
    const taken = new Set<string>();
    const group: Asked<Shared<In>, Out>[] = [];
    const rest: Asked<Shared<In>, Out>[] = [];
    for (const asked of waiting) {
      const { keys } = asked.one;
      (group.length < MOST && !keys.some((key) => taken.has(key)) ? group : rest).push(asked);
      for (const key of keys) taken.add(key);
    }
    waiting = rest;
    return group;
  }

  async function runGroup(group: readonly Asked<Shared<In>, Out>[]): Promise<void> {
    try {
      const outs = await run(group.map(({ one }) => one.item));
      for (const [index, { resolve }] of group.entries()) resolve(outs[index] as Out);
    } catch (error) {
      if (group.length > 1 && !(error instanceof CommitUnknown))
        return void (await Promise.all(group.map((asked) => runGroup([asked]))));
      for (const { reject } of group) reject(error);
    }
  }

  async function loop(): Promise<void> {
    running = true;
    while (waiting.length > 0) await runGroup(nextGroup());
    running = false;
  }

  return (one) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ one, resolve, reject });
      if (!running) void loop();
    });
}
