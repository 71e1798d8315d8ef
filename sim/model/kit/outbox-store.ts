import type * as product from '../../../src/kit/outbox-store.ts';
import { statement, theOne } from '../database.ts';

type Product = typeof product;

export const announce: Product['announce'] = (tx, type, subject, data) => {
  const text = JSON.stringify(data);
  return statement(tx, 'announce', (s) => {
    const { outbox } = s.tables;
    return s.insert(outbox, { id: s.nextId(outbox), type, subject, data: text, at: s.now });
  });
};

export const readEvents: Product['readEvents'] = (db, after, limit) =>
  statement(db.read, 'readEvents', (s) => {
    const found: product.PublicEvent[] = [];
    for (let id = after + 1n; found.length < limit; id += 1n) {
      const event = s.get(s.tables.event.by.event_pkey, id);
      if (event === null) break;
      found.push({ ...event, data: JSON.parse(event.data) });
    }
    return found;
  });

export const lastEventId: Product['lastEventId'] = (db) =>
  statement(db.read, 'lastEventId', (s) => s.get(s.tables.event_head.by.event_head_pkey, 1)?.last_id ?? 0n);

export const numberEvents: Product['numberEvents'] = async (tx, limit) => {
  const locked = await statement(tx, 'numberEvents: head', async (s) => {
    const row = s.find(s.tables.event_head.by.event_head_pkey, 1);
    const head = row === null ? null : await s.hold(row, 'update');
    return row === null || head === null ? [] : [{ row, head }];
  });
  const { row, head } = theOne(locked);
  const count = await statement(tx, 'numberEvents: move', async (s) => {
    const waiting = s
      .where(s.tables.outbox, () => true)
      .sort((one, other) => ((s.see(one)?.id ?? 0n) < (s.see(other)?.id ?? 0n) ? -1 : 1));
    const taken = s.takeFree(waiting, limit, () => null);
    for (const [index, event] of taken.entries()) {
      await s.insert(s.tables.event, { ...event, id: head.last_id + BigInt(index + 1) });
    }
    return taken.length;
  });
  if (count > 0) {
    await statement(tx, 'numberEvents: moved', (s) =>
      s.update([row], ({ last_id }) => ({ last_id: last_id + BigInt(count) })),
    );
  }
  return count;
};
