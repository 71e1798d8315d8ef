import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { CommitUnknown, constraintOf, type Db, instant, json, openDb, type Tx } from './db.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase({ empty: true });
  await db.tx((tx) => tx.query('create table coin (id bigint primary key, owner text not null)'));
});
afterAll(() => db.close());

const coins = async (): Promise<bigint[]> => {
  const rows = await db.read.query<{ id: bigint }>('select id from coin order by id');
  return rows.map((row) => row.id);
};
const addCoin = (tx: Tx, id: bigint): Promise<object[]> =>
  tx.query('insert into coin (id, owner) values ($1, $2)', [id, 'us']);
const removeCoins = (): Promise<object[]> => db.tx((tx) => tx.query('delete from coin'));

describe('values', () => {
  test('an amount of 2^62 makes the round trip, alone and in arrays', async () => {
    const amount = 2n ** 62n;
    const row = await db.read.one<{ alone: bigint; many: bigint[] }>(
      'select $1::bigint + 0 as alone, array[$1::bigint, null, -1] as many',
      [amount],
    );
    expect(row).toEqual({ alone: amount, many: [amount, null, -1n] });
  });

  test('a total is a bigint once it is cast back', async () => {
    const row = await db.read.one(
      'select sum(n)::bigint as total, count(*) as n from generate_series(1, 3) as n',
    );
    expect(row).toEqual({ total: 6n, n: 3n });
  });

  test('times arrive as milliseconds since 1970 and leave through instant()', async () => {
    const ms = 1_732_156_800_123;
    const row = await db.read.one('select $1::timestamptz as at, array[$1::timestamptz, null] as list', [
      instant(ms),
    ]);
    expect(row).toEqual({ at: ms, list: [ms, null] });
  });

  test('JSON makes the round trip, also arrays and texts; a bigint inside is refused', async () => {
    const values = [{ amount_msat: '5' }, [1, 'two', null], 'text'];
    const row = await db.read.one('select $1::jsonb as a, $2::jsonb as b, $3::jsonb as c', values.map(json));
    expect(Object.values(row)).toEqual(values);
    expect(() => json({ amount_msat: 5n })).toThrow(TypeError);
    expect(() => json(undefined)).toThrow(TypeError);
  });

  test('an undefined value is refused by its place', async () => {
    await expect(db.read.query('select $1::text, $2::text', ['a', undefined])).rejects.toThrow(
      /\$2 is undefined/,
    );
  });
});

describe('rows', () => {
  test('maybe gives null for none, one insists, both refuse several', async () => {
    expect(await db.read.maybe('select 1 where false')).toBeNull();
    await expect(db.read.one('select 1 where false')).rejects.toThrow('expected one row, got none');
    await expect(db.read.maybe('select generate_series(1, 2)')).rejects.toThrow('got 2');
    await expect(db.read.one('select generate_series(1, 2)')).rejects.toThrow('got 2');
  });

  test('of several statements the last one answers', async () => {
    expect(await db.read.query('select 1 as n; select 2 as n')).toEqual([{ n: 2 }]);
  });
});

describe('reads', () => {
  test('cannot write', async () => {
    await expect(db.read.query("insert into coin values (1, 'us')")).rejects.toMatchObject({ code: '25006' });
    expect(await coins()).toEqual([]);
  });

  test('cannot stand in for a transaction', () => {
    const needsTx = (tx: Tx): Tx => tx;
    // @ts-expect-error a pool is no transaction
    needsTx(db.read);
  });
});

describe('a transaction', () => {
  test('that throws leaves nothing behind', async () => {
    const work = db.tx(async (tx) => {
      await addCoin(tx, 1n);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await coins()).toEqual([]);
  });

  test('whose failed statement was swallowed reports that failure and leaves nothing behind', async () => {
    const work = db.tx(async (tx) => {
      await addCoin(tx, 1n);
      await addCoin(tx, 1n).catch(() => {});
    });
    await expect(work).rejects.toSatisfy((error) => constraintOf(error) === 'coin_pkey');
    expect(await coins()).toEqual([]);
  });

  test('that ends itself by hand is an error', async () => {
    await expect(db.tx((tx) => tx.query('commit'))).rejects.toThrow('ended by hand');
  });

  test('runs statements that are started together one after another', async () => {
    await db.tx((tx) => Promise.all([addCoin(tx, 1n), addCoin(tx, 2n), addCoin(tx, 3n)]));
    expect(await coins()).toEqual([1n, 2n, 3n]);
    await removeCoins();
  });

  test('waits for statements that nobody awaits, and refuses those that come later', async () => {
    let leaked: Tx | undefined;
    await db.tx(async (tx) => {
      leaked = tx;
      void addCoin(tx, 1n);
    });
    expect(await coins()).toEqual([1n]);
    await expect(leaked?.query('select 1')).rejects.toThrow('the transaction is over');
    await removeCoins();
  });

  test('has the isolation that was asked for', async () => {
    const isolation = async (options?: Parameters<Db['tx']>[1]) =>
      (
        await db.tx(
          (tx) => tx.one<{ is: string }>("select current_setting('transaction_isolation') as is"),
          options,
        )
      ).is;
    expect(await isolation()).toBe('read committed');
    expect(await isolation({ isolation: 'serializable' })).toBe('serializable');
  });
});

describe('a transaction that met another one', () => {
  test('is run again after a serialization failure, and both take effect', async () => {
    let runs = 0;
    const bothHaveRead = gate(2);
    const addNext = () =>
      db.tx(
        async (tx) => {
          runs++;
          const { next } = await tx.one<{ next: bigint }>('select count(*) + 1 as next from coin');
          await bothHaveRead();
          await addCoin(tx, next);
        },
        { isolation: 'serializable' },
      );
    await Promise.all([addNext(), addNext()]);
    expect(runs).toBeGreaterThan(2);
    expect(await coins()).toEqual([1n, 2n]);
    await removeCoins();
  });

  test('is run again after a deadlock, and both take effect', async () => {
    await db.tx(async (tx) => {
      await addCoin(tx, 1n);
      await addCoin(tx, 2n);
    });
    const bothHoldOne = gate(2);
    const append = (first: bigint, second: bigint) =>
      db.tx(async (tx) => {
        await tx.query("update coin set owner = owner || '+' where id = $1", [first]);
        await bothHoldOne();
        await tx.query("update coin set owner = owner || '+' where id = $1", [second]);
      });
    await Promise.all([append(1n, 2n), append(2n, 1n)]);
    expect(await db.read.query('select owner from coin')).toEqual([{ owner: 'us++' }, { owner: 'us++' }]);
    await removeCoins();
  });

  test('is given up after eight runs', async () => {
    let runs = 0;
    const work = db.tx((tx) => {
      runs++;
      return tx.query("do $$ begin raise exception 'again' using errcode = '40001'; end $$");
    });
    await expect(work).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(8);
  });

  test('outlives a change of the schema under its prepared statements', async () => {
    const one = openDb(db.target, { max: 1 });
    const read = (tx: Tx) => tx.query('select * from moving where n > $1', [0]);
    await one.tx((tx) => tx.query('create table moving (n int); insert into moving values (1)'));
    expect(await one.tx(read)).toEqual([{ n: 1 }]);
    await one.tx((tx) => tx.query('alter table moving add column m int'));
    expect(await one.tx(read)).toEqual([{ n: 1, m: null }]);
    await one.close();
  });
});

describe('a lost connection', () => {
  const endOwnSession = 'select pg_terminate_backend(pg_backend_pid())';

  test('before COMMIT is an error like any other: nothing was committed', async () => {
    const work = db.tx(async (tx) => {
      await addCoin(tx, 1n);
      await tx.query(endOwnSession);
    });
    await expect(work).rejects.not.toBeInstanceOf(CommitUnknown);
    expect(await coins()).toEqual([]);
  });

  test('does not hurt the statements that follow', async () => {
    const one = openDb(db.target, { max: 1 });
    await expect(one.read.query(endOwnSession)).rejects.toThrow();
    expect(await one.read.query('select 1 as n')).toEqual([{ n: 1 }]);
    await one.close();
  });

  test('while idle does not end the process', async () => {
    const one = openDb(db.target, { max: 1 });
    const { pid } = await one.read.one<{ pid: number }>('select pg_backend_pid() as pid');
    await db.read.query('select pg_terminate_backend($1)', [pid]);
    await expect.poll(() => one.read.query('select 1 as n').catch(() => null)).toEqual([{ n: 1 }]);
    await one.close();
  });

  test('is assumed when an answer takes too long', async () => {
    const impatient = openDb(db.target, { max: 1, queryTimeoutMs: 50 });
    await expect(impatient.read.query('select pg_sleep(5)')).rejects.toThrow(/timeout/);
    expect(await impatient.read.query('select 1 as n')).toEqual([{ n: 1 }]);
    const patient = impatient.tx((tx) => tx.query('select 1 as n from pg_sleep(0.1)'), {
      queryTimeoutMs: 5000,
    });
    expect(await patient).toEqual([{ n: 1 }]);
    await impatient.close();
  });

  test('never shows the password of the URL', async () => {
    const nowhere = openDb({ url: 'postgres://argosy:hunter2@127.0.0.1:1/argosy' });
    const error: unknown = await nowhere.read.query('select 1').catch((caught: unknown) => caught);
    expect(`${error}${JSON.stringify(error)}`).not.toContain('hunter2');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await nowhere.close();
  });
});

/** Holds back until `parties` have come; open to all from then on. */
function gate(parties: number): () => Promise<void> {
  let come = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  return () => {
    if (++come >= parties) resolve();
    return promise;
  };
}
