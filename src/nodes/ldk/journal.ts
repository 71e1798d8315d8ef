/** The events of one node, numbered, kept until acknowledged. */
import type { Happening } from '../journal.ts';
import type { Cursor, NodeEvent } from '../node.ts';
import { pack, type Store, unpack } from './store.ts';

export interface Journal {
  append(happening: Happening): void;
  /** The place of the newest event; `'0'` while there is none. */
  cursor(): Cursor;
  /**
   * At most `limit` events after the cursor; asking acknowledges everything up to it.
   * @throws when the cursor is none of this journal's, or what follows it has been dropped.
   */
  after(cursor: Cursor | null, limit: number): readonly NodeEvent[];
}

/** So many events stay, acknowledged or not, for readers that come later. */
const KEPT = 20_000;
/** Events are dropped in bites. */
const BITE = 1_000;
const CAPACITY = 1_000_000;
/** Has a reader: what is not acknowledged stays for it after a restart, too. */
const READ = 'journal_read';

export function createJournal(store: Store, node: string): Journal {
  const place = store.get(
    'select coalesce(min(cursor), 1) - 1 as dropped, coalesce(max(cursor), 0) as newest from event where node = ?',
    node,
  );
  let dropped = Number(place?.dropped);
  let newest = Number(place?.newest);
  const isRead = store.get('select node from state where node = ? and name = ?', node, READ) !== undefined;
  /** Nobody reads the journal of a stranger: until somebody has asked, only the newest events stay. */
  let acknowledged: number | null = isRead ? dropped : null;

  function drop(): void {
    const last = Math.min(acknowledged ?? newest, newest - KEPT);
    if (last < dropped + BITE) return;
    store.run('delete from event where node = ? and cursor <= ?', node, last);
    dropped = last;
  }

  return {
    append(happening) {
      if (newest - dropped >= CAPACITY)
        throw new Error(`${CAPACITY} events wait to be acknowledged: subscribe to the node, or stop it`);
      newest++;
      store.run('insert into event (node, cursor, body) values (?, ?, ?)', node, newest, pack(happening));
      drop();
    },
    cursor: () => String(newest),
    after(cursor, limit) {
      const after = cursor === null ? 0 : Number(cursor);
      if (!Number.isSafeInteger(after) || after < 0 || after > newest)
        throw new Error(`no such cursor: ${cursor}; the newest event is ${newest}`);
      if (after < dropped)
        throw new Error(`events after ${after} are gone; the oldest kept is ${dropped + 1}`);
      if (acknowledged === null)
        store.run(
          'insert or replace into state (node, name, bytes, height) values (?, ?, ?, 0)',
          node,
          READ,
          new Uint8Array(),
        );
      acknowledged = Math.max(acknowledged ?? 0, after);
      // Asked at the end of every step: mostly there is nothing new.
      if (after === newest) return [];
      const rows = store.all(
        'select cursor, body from event where node = ? and cursor > ? order by cursor limit ?',
        node,
        after,
        limit,
      );
      return rows.map((row) => ({ cursor: String(row.cursor), ...unpack<Happening>(row.body) }) as NodeEvent);
    },
  };
}
