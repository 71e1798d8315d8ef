/** Plays one story on PostgreSQL and on the model, and finds both at one, word by word and at the end. */
import { expect } from 'vitest';
import type { Db, Tx } from '../../../src/kit/db.ts';
import { openModel } from '../database.ts';
import type { Operation } from './operation.ts';
import { prologue } from './operations.ts';
import { begin, type Ending, endingOf, modelSide, type Player, type Side, sqlSide } from './stage.ts';
import { MODEL, SQL } from './stores.ts';
import { comparable, modelContents, sqlContents } from './tables.ts';

/** One of two who have a transaction each, and what becomes of it. */
export interface Step {
  readonly who: 0 | 1;
  readonly what: Operation | 'commit' | 'rollback';
}

/** How often something came up: stories in which nobody waits show little. */
export interface Seen {
  waits: number;
  deadlocks: number;
  refusals: number;
}

/** Between what clients give as past and as future. ms since 1970. */
const MODEL_TIME = 2_000_000_000_000;

/** The transactions of one of the two, which do the same. */
type Pair = readonly [Player, Player];

export async function play(db: Db, steps: readonly Step[], seen: Seen): Promise<void> {
  let now = MODEL_TIME;
  const model = openModel({ now: () => now++ });
  await empty(db, Object.keys(model.tables));
  const sides: readonly [Side, Side] = [sqlSide(SQL, db), modelSide(MODEL, model.connect('one'))];
  for (const side of sides) await side.db.tx((tx) => prologue(side.stores, tx));
  const stage = openStage(sides, seen);
  try {
    for (const step of steps) if ((await stage.take(step)) === 'deadlock') return;
    await stage.endAll();
    const contents = modelContents(model);
    const told = stage.told();
    expect({ told, contents: await sqlContents(db, Object.keys(contents)) }).toEqual({ told, contents });
  } finally {
    await stage.leave();
  }
}

async function empty(db: Db, tables: readonly string[]): Promise<void> {
  await db.tx((tx) =>
    tx.query(
      `truncate ${tables.join(', ')} restart identity cascade;
       insert into past (epoch) values (0);
       insert into event_head (last_id) values (0);
       insert into panic (is_on, epoch) values (false, 0)`,
    ),
  );
}

const isDeadlock = (ending: Ending | null): boolean => ending?.threw?.includes('40P01') === true;

function openStage(sides: readonly [Side, Side], seen: Seen) {
  const pairs: [Pair | null, Pair | null] = [null, null];
  const waiting = new Set<0 | 1>();
  const story: string[] = [];
  const told = (): string => story.join('\n');

  /** SQL may bring columns that no type tells of; the compiler sees to it that the model has all others. */
  const agree = (what: string, [sql, modelled]: readonly [Ending | null, Ending | null]): void => {
    story.push(`${what} -> ${sql === null ? 'waits' : (sql.threw ?? 'done')}`);
    if (sql?.threw !== undefined) seen.refusals++;
    expect({ told: told(), ended: comparable(sql) }).toMatchObject({
      told: told(),
      ended: comparable(modelled),
    });
  };
  const both = async <T>([sql, modelled]: Pair, ask: (player: Player) => Promise<T>): Promise<[T, T]> => [
    await ask(sql),
    await ask(modelled),
  ];

  async function end(who: 0 | 1, how: 'commit' | 'rollback'): Promise<void> {
    const pair = pairs[who];
    if (pair === null) return;
    pairs[who] = null;
    agree(`${who}: ${how}`, await both(pair, (player) => player.end(how)));
  }

  /** Whoever has waited for the other goes on, on both sides or on none. */
  async function goOn(): Promise<void> {
    for (const who of waiting) {
      const pair = pairs[who];
      const endings = pair === null ? null : await both(pair, (player) => player.look());
      if (endings === null || (endings[0] === null && endings[1] === null)) continue;
      waiting.delete(who);
      agree(`${who} goes on`, endings);
    }
  }

  async function read(operation: Operation): Promise<void> {
    const on = (side: Side) => endingOf(operation.run(side.stores, side.db.read as Tx, side.db));
    agree(`reads: ${operation.text}`, [await on(sides[0]), await on(sides[1])]);
  }

  /** `deadlock`: both sides see one, and the story is over, for which of the two gives way is anybody's choice. */
  async function act(who: 0 | 1, operation: Operation): Promise<'deadlock' | undefined> {
    pairs[who] ??= [await begin(sides[0]), await begin(sides[1])];
    const endings = await both(pairs[who], (player) => player.act(operation));
    if (isDeadlock(endings[1])) {
      seen.deadlocks++;
      await expect.poll(isDeadlockInSql, { timeout: 20_000 }).toBe(true);
      return 'deadlock';
    }
    agree(`${who}: ${operation.text}`, endings);
    if (endings[0] === null) {
      seen.waits++;
      waiting.add(who);
    }
    // Nothing more comes of a transaction that was refused; that its end says so is worth a look.
    if (endings[0]?.threw?.includes('25P02')) await end(who, 'commit');
    return undefined;
  }
  async function isDeadlockInSql(): Promise<boolean> {
    for (const pair of pairs) if (pair !== null && isDeadlock(await pair[0].look())) return true;
    return false;
  }

  async function take({ who, what }: Step): Promise<'deadlock' | undefined> {
    if (waiting.has(who)) return undefined;
    if (typeof what === 'string') await end(who, what);
    else if (what.reads && pairs[who] === null) await read(what);
    else if ((await act(who, what)) === 'deadlock') return 'deadlock';
    await goOn();
    return undefined;
  }

  async function endAll(): Promise<void> {
    const order: readonly (0 | 1)[] = waiting.has(0) ? [1, 0] : [0, 1];
    for (const who of order) {
      await end(who, 'commit');
      await goOn();
    }
  }

  /** Lets go of whatever is still open, so that the next story finds the tables free. */
  const leave = (): Promise<unknown> =>
    Promise.all(pairs.flatMap((pair) => pair?.map((player) => player.end('rollback')) ?? []));

  return { take, endAll, leave, told };
}
