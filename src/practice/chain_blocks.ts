/** The blocks, and where each confirmed transaction stands. */
import { type Block, genesis, toBlock } from './chain_block.ts';
import type { ChainStore } from './chain_store.ts';
import { readTransaction } from './chain_transaction.ts';

export interface Blocks {
  readonly tip: Block;
  at(height: number): Block | undefined;
  byId(id: string): Block | undefined;
  /** At most `limit` blocks above `height`, in order. */
  after(height: number, limit: number): Block[];
  /** Of the block that holds the transaction. */
  heightOf(txid: string): number | undefined;
  raw(txid: string): Uint8Array | undefined;
  /** Of the eleven blocks up to `height`. Source: BIP 113. */
  medianTime(height: number): number;
  /** Inside a commit; `advance` follows once that is done. */
  append(block: Block): void;
  advance(block: Block): void;
}

const MEDIAN_BLOCKS = 11;

interface BlockRow {
  readonly height: number;
  readonly header: Uint8Array;
}
interface ConfirmedRow {
  readonly height: number;
  readonly raw: Uint8Array;
}

export function createBlocks({ database, commit }: ChainStore): Blocks {
  const newest = database.prepare('select height, header from block order by height desc limit 1');
  const byHeight = database.prepare('select height, header from block where height = ?');
  const byId = database.prepare('select height, header from block where id = ?');
  const above = database.prepare('select height, header from block where height > ? order by height limit ?');
  const inBlock = database.prepare('select height, raw from confirmed where height = ? order by position');
  const byTxid = database.prepare('select height, raw from confirmed where txid = ?');
  const headers = database.prepare('select header from block where height > ? and height <= ?');
  const insert = database.prepare('insert into block (height, id, header) values (?, ?, ?)');
  const confirm = database.prepare('insert into confirmed (height, position, txid, raw) values (?, ?, ?, ?)');

  const read = (row: BlockRow): Block => {
    const rows = inBlock.all(row.height) as unknown as ConfirmedRow[];
    return toBlock(
      row.height,
      row.header,
      rows.map(({ raw }) => readTransaction(raw)),
    );
  };
  const readOne = (row: unknown): Block | undefined =>
    row === undefined ? undefined : read(row as BlockRow);
  const find = (txid: string) => byTxid.get(txid) as unknown as ConfirmedRow | undefined;

  function append(block: Block): void {
    insert.run(block.height, block.id, block.header);
    for (const [position, { txid, raw }] of block.transactions.entries())
      confirm.run(block.height, position, txid, raw);
  }
  function begin(): Block {
    const first = genesis();
    commit(() => append(first));
    return first;
  }
  let tip = readOne(newest.get()) ?? begin();

  return {
    get tip() {
      return tip;
    },
    at: (height) => readOne(byHeight.get(height)),
    byId: (id) => readOne(byId.get(id)),
    after: (height, limit) => (above.all(height, limit) as unknown as BlockRow[]).map(read),
    heightOf: (txid) => find(txid)?.height,
    raw: (txid) => find(txid)?.raw,
    medianTime(height) {
      const rows = headers.all(height - MEDIAN_BLOCKS, height) as unknown as BlockRow[];
      const times = rows.map(({ header }) => Buffer.from(header).readUInt32LE(68));
      times.sort((a, b) => a - b);
      return times[times.length >> 1] ?? 0;
    },
    append,
    advance(block) {
      tip = block;
    },
  };
}
