import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { channelId, nodeId, paymentHash, preimage } from '../lightning/ids.ts';
import { fromSat } from '../money/msat.ts';
import { type Happening, KEPT_EVENTS, type Numbered } from '../nodes/journal.ts';
import { openJournal } from './journal.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

let count = 0;
const fresh = () => nodeId(`node-${++count}`);
const block = (place: number): Numbered => ({ place, happening: { kind: 'block', height: place } });
const step = (version: number, events: readonly Numbered[] = [], facts: [string, unknown][] = []) => ({
  version,
  events,
  facts: new Map(facts),
});
const MONEY: Happening[] = [
  {
    kind: 'invoice_settled',
    paymentHash: paymentHash('ab'.repeat(32)),
    preimage: preimage('cd'.repeat(32)),
    receivedMsat: fromSat(5n),
  },
  { kind: 'channel_closed', channel: channelId('x'), localMsat: -7n },
  {
    kind: 'channel_opened',
    channel: channelId('x'),
    localMsat: fromSat(1n),
    remoteMsat: fromSat(0n),
    fundingFeeMsat: null,
  },
];

describe("a driver's journal in the database", () => {
  it('gives back what was written, to the millisatoshi, to the next process', async () => {
    const id = fresh();
    const events = MONEY.map((happening, index) => ({ place: index + 1, happening }));
    expect(await openJournal(db, id).read()).toEqual({ version: 0, newest: 0, facts: new Map() });
    expect(await openJournal(db, id).write(step(0, events, [['sent', { hash: 'aa', parts: [1] }]]))).toBe(
      'written',
    );
    const next = openJournal(db, id);
    expect(await next.read()).toEqual({
      version: 1,
      newest: 3,
      facts: new Map([['sent', { hash: 'aa', parts: [1] }]]),
    });
    expect(await next.after(0, 10)).toEqual(events);
    expect(await next.after(1, 1)).toEqual(events.slice(1, 2));
    expect(await next.after(3, 10)).toEqual([]);
  });

  it('changes and forgets facts', async () => {
    const journal = openJournal(db, fresh());
    await journal.write(
      step(
        0,
        [],
        [
          ['a', 1],
          ['b', 'two'],
        ],
      ),
    );
    await journal.write(
      step(
        1,
        [],
        [
          ['a', false],
          ['b', null],
        ],
      ),
    );
    expect((await journal.read()).facts).toEqual(new Map([['a', false]]));
  });

  it('takes nothing of a process that another one has overtaken', async () => {
    const id = fresh();
    const [old, young] = [openJournal(db, id), openJournal(db, id)];
    await old.write(step(0, [block(1)]));
    expect(await young.write(step(1, [block(2)]))).toBe('written');
    expect(await old.write(step(1, [block(2), block(3)], [['late', 1]]))).toBe('overtaken');
    expect(await young.read()).toEqual({ version: 2, newest: 2, facts: new Map() });
  });

  it('knows its own step again after an answer was lost', async () => {
    const journal = openJournal(db, fresh());
    expect(await journal.write(step(0, [block(1)]))).toBe('written');
    expect(await journal.write(step(0, [block(1)]))).toBe('written');
    expect(await journal.after(0, 10)).toEqual([block(1)]);
  });

  it('has one winner of two that write at once', async () => {
    const id = fresh();
    const both = await Promise.all([1, 2].map(() => openJournal(db, id).write(step(0, [block(1)]))));
    expect(both.sort()).toEqual(['overtaken', 'written']);
  });

  it('drops what is booked and far behind, and says so to who asks for it', async () => {
    const id = fresh();
    const journal = openJournal(db, id);
    await db.tx(async (tx) => {
      await tx.query(
        `insert into node (id, region, driver, pubkey, network) values ($1, 'x', 'lnd', $1, 'regtest')`,
        [id],
      );
      await tx.query(
        `insert into node_session (node_id, owner, token, expires_at, cursor) values ($1, '', 0, now(), '1500')`,
        [id],
      );
    });
    const many = Array.from({ length: KEPT_EVENTS + 3_000 }, (_, index) => block(index + 1));
    await journal.write(step(0, many));
    await expect(journal.after(100, 1)).rejects.toThrow('dropped');
    expect(await journal.after(1_500, 1)).toEqual([block(1_501)]);
  });
});
