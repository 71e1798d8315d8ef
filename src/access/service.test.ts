import { expect, it } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { systemClock } from '../kit/clock.ts';
import { authenticate, newSecret, openOwner } from './service.ts';

it('processes that start at once on an empty database agree on one owner, and each one’s key is good', async () => {
  const db = await freshDatabase();
  try {
    const secrets = Array.from({ length: 8 }, newSecret);
    await Promise.all(secrets.map((secret) => openOwner(db, systemClock, secret)));
    const known = await Promise.all(secrets.map((secret) => authenticate(db, `Bearer ${secret}`)));
    expect(new Set(known.map(({ id }) => id)).size).toBe(1);
    await openOwner(db, systemClock, newSecret());
  } finally {
    await db.close();
  }
});
