/**
 * Transactions that nodes have sent for a block and that have none yet: sent again and again, since the world may have
 * stopped between a node's commit and the mempool, or one came there before its parent.
 */
import type { Store } from './store.ts';
import { readOnce } from './wallet_read.ts';
import type { FedBlock } from './wire.ts';

export interface Sent {
  send(raw: Uint8Array): void;
  /** Sends everything that still waits, parents first. */
  again(): void;
  connectBlock(block: FedBlock): void;
}

/** Whatever has found no block for so long has been refused. */
const HOPELESS_BLOCKS = 2016;

/** @param broadcast after the commit */
export function createSent(store: Store, height: number, broadcast: (raw: Uint8Array) => void): Sent {
  let now = height;
  return {
    send(raw) {
      store.run(
        'insert or ignore into sent_transaction (txid, raw, height) values (?, ?, ?)',
        readOnce(raw).txid,
        raw,
        now,
      );
      broadcast(raw);
    },
    again() {
      for (const { raw } of store.all('select raw from sent_transaction order by height, rowid'))
        broadcast(raw as Uint8Array);
    },
    connectBlock(block) {
      now = block.height;
      for (const raw of block.transactions.slice(1))
        store.run('delete from sent_transaction where txid = ?', readOnce(raw).txid);
      store.run('delete from sent_transaction where height < ?', now - HOPELESS_BLOCKS);
    },
  };
}
