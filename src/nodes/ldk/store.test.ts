import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournal } from './journal.ts';
import { openStore } from './store.ts';

const SENT = 'insert into sent_transaction (txid, raw, height) values (?, ?, 1)';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the store of a worker', () => {
  it('commits no step of which a change has failed, even if that was overlooked', () => {
    const file = join(folder, 'nodes.db');
    const store = openStore(file);
    store.run(SENT, 'one', new Uint8Array());
    store.commit();
    store.run(SENT, 'two', new Uint8Array());
    expect(() => store.run(SENT, 'one', new Uint8Array())).toThrow(/UNIQUE/);
    expect(() => store.run(SENT, 'three', new Uint8Array())).toThrow(/UNIQUE/);
    expect(() => store.commit()).toThrow(/UNIQUE/);
    store.close();
    const again = openStore(file);
    expect(again.all('select txid from sent_transaction')).toEqual([{ txid: 'one' }]);
    again.close();
  });
});

describe('a journal', () => {
  const append = (journal: ReturnType<typeof createJournal>, events: number) => {
    for (let height = 1; height <= events; height++) journal.append({ kind: 'block', height });
  };

  it('keeps what its reader has not acknowledged, also after a restart', () => {
    const store = openStore(null);
    const journal = createJournal(store, 'eu');
    expect(journal.after(null, 1)).toEqual([]);
    append(journal, 30_000);
    const restarted = createJournal(store, 'eu');
    append(restarted, 1_500);
    expect(restarted.after('0', 1)).toMatchObject([{ cursor: '1' }]);
    store.close();
  });

  it('keeps only the newest events while nobody reads it', () => {
    const store = openStore(null);
    const journal = createJournal(store, 'hub');
    append(journal, 30_000);
    expect(() => journal.after('0', 1)).toThrow(/gone/);
    store.close();
  });
});
