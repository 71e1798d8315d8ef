import type * as product from '../../../src/fleet/process-store.ts';
import { statement } from '../database.ts';

type Product = typeof product;

const HOUR_MS = 3_600_000;

export const beat: Product['beat'] = async (tx, { id, role, region }, aliveMs) => {
  await statement(tx, 'beat', (s) =>
    s.upsert(s.tables.process, { id, role, region, seen_at: s.now }, (row) => ({
      ...row,
      role,
      region,
      seen_at: s.now,
    })),
  );
  return statement(tx, 'beat: alive', (s) =>
    s
      .where(s.tables.process, ({ seen_at }) => seen_at > s.now - aliveMs)
      .flatMap((row) => s.see(row) ?? [])
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map((row) => ({ id: row.id, role: row.role, region: row.region })),
  );
};

export const leaveProcesses: Product['leaveProcesses'] = (tx, id) =>
  statement(tx, 'leaveProcesses', async (s) => {
    const isGone = (row: { id: string; seen_at: number }) => row.id === id || row.seen_at < s.now - HOUR_MS;
    await s.removeWhere(s.where(s.tables.process, isGone), isGone);
  });

export const findAnswer: Product['findAnswer'] = (read, key) =>
  statement(read, 'findAnswer', (s) => s.get(s.tables.owner_answer.by.owner_answer_pkey, key)?.body ?? null);

export const takeAnswer: Product['takeAnswer'] = (tx, key) =>
  statement(tx, 'takeAnswer', async (s) => {
    const isOver = (row: { key: string; at: number }) => row.key === key || row.at < s.now - HOUR_MS;
    await s.removeWhere(s.where(s.tables.owner_answer, isOver), isOver);
  });

export const putAnswer: Product['putAnswer'] = (tx, key, body) =>
  statement(tx, 'putAnswer', (s) => s.insert(s.tables.owner_answer, { key, body, at: s.now }));
