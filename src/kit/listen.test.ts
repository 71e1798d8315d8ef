import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDb } from './db.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase({ empty: true });
});
afterAll(() => db.close());

const notify = (channel: string, payload: string): Promise<unknown> =>
  db.tx((tx) => tx.query('select pg_notify($1, $2)', [channel, payload]));

describe('listening', () => {
  test('hears its own channels, each once, until it stops', async () => {
    const heard: string[] = [];
    const stop = await db.listen('effect', (payload) => heard.push(`effect ${payload}`));
    await db.listen('event', (payload) => heard.push(`event ${payload}`));
    await notify('effect', '1');
    await notify('other', '2');
    await notify('event', '3');
    await expect.poll(() => heard).toEqual(['effect 1', 'event 3']);
    await stop();
    await notify('effect', '4');
    await notify('event', '5');
    await expect.poll(() => heard).toEqual(['effect 1', 'event 3', 'event 5']);
  });

  test('comes back after a lost connection, and says that something may have been missed', async () => {
    const heard: string[] = [];
    await db.listen('lost', (payload) => heard.push(payload));
    await db.read.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()",
    );
    await expect.poll(() => heard, { timeout: 5000 }).toEqual(['']);
    await notify('lost', 'again');
    await expect.poll(() => heard).toEqual(['', 'again']);
  });

  test('tells whoever asks first that there is no database', async () => {
    const nowhere = openDb({ socketDir: '/nonexistent' });
    await expect(nowhere.listen('effect', () => {})).rejects.toThrow();
    await nowhere.close();
    await expect(nowhere.listen('effect', () => {})).rejects.toThrow('closed');
  });

  test('takes names of channels only', async () => {
    await expect(db.listen('a"; drop table coin', () => {})).rejects.toThrow(TypeError);
  });
});
