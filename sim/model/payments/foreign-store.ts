import type * as product from '../../../src/payments/foreign-store.ts';
import { statement } from '../database.ts';
import type { ForeignData } from '../schema.ts';
import { keyed } from '../table.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

export const isKnownPart: Product['isKnownPart'] = (read, token) =>
  statement(
    read,
    'isKnownPart',
    (s) =>
      s.get(s.tables.part.by.part_token_key, token) !== null ||
      s.get(s.tables.foreign_part.by.foreign_part_pkey, token) !== null,
  );

export const insertForeign: Product['insertForeign'] = (tx, part) =>
  statement(tx, 'insertForeign', (s) =>
    s.insert(s.tables.foreign_part, {
      ...part,
      state: 'in_flight',
      preimage: null,
      found_at: s.now,
      ended_at: null,
    }),
  );

export const endForeignPart: Product['endForeignPart'] = (tx, token, state, preimage) =>
  statement(tx, 'endForeignPart', async (s) => {
    const rows = s
      .list(s.tables.foreign_part.by.foreign_part_pkey, token)
      .filter((row) => s.see(row)?.state === 'in_flight');
    const [ended] = await s.update(rows, (part) =>
      part.state === 'in_flight' ? { ...part, state, preimage, ended_at: s.now } : null,
    );
    return ended === undefined ? null : toForeign(ended);
  });

export const renamePart: Product['renamePart'] = async (tx, from, to) => {
  await statement(tx, 'renamePart', async (s) => {
    const rows = s.list(s.tables.part.by.part_token_key, from);
    for (const part of await s.removeWhere(rows, () => true))
      await s.insert(s.tables.part, { ...part, token: to });
  });
  await statement(tx, 'renamePart: effects', async (s) => {
    const keys = ['part.send', 'part.resolve'].map((kind) => keyed(kind, from));
    const rows = keys.flatMap((key) => s.list(s.tables.effect.by.effect_kind_key_key, key));
    await s.removeWhere(rows, () => true);
  });
};

export const sumForeign: Product['sumForeign'] = (read, network, hash) =>
  statement(read, 'sumForeign', (s) => {
    const parts = partsOf(s, network, hash);
    const settled = parts.filter(({ state }) => state === 'settled');
    return {
      open: parts.some(({ state }) => state === 'in_flight'),
      preimage: (settled[0]?.preimage ?? null) as Awaited<ReturnType<Product['sumForeign']>>['preimage'],
      amount_msat: settled.reduce((sum, part) => sum + part.amount_msat, 0n),
      fee_msat: settled.reduce((sum, part) => sum + part.fee_msat, 0n),
    };
  });

export const settledForeign: Product['settledForeign'] = (read, network, hash) =>
  statement(read, 'settledForeign', (s) =>
    partsOf(s, network, hash)
      .filter(({ state }) => state === 'settled')
      .sort((one, other) => one.found_at - other.found_at || (one.token < other.token ? -1 : 1))
      .map(toForeign),
  );

const partsOf = (s: Session, network: string, hash: string): ForeignData[] =>
  s
    .list(s.tables.foreign_part.by.hash, keyed(network, hash))
    .map((row) => s.see(row))
    .filter((part) => part !== null);

const toForeign = ({ state: _, preimage: __, found_at: ___, ended_at: ____, ...part }: ForeignData) =>
  part as product.ForeignPart;
