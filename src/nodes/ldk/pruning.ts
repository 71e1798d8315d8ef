/**
 * Forgets channels whose funding output has been spent: nobody else tells that they are gone, and routes over them
 * would fail for ever. Source: BOLT 7, "Pruning the Network View".
 */
import { scidToNumber, shortChannelId } from '../../lightning/ids.ts';
import type { ldk } from './bindings.ts';
import { toHex } from './bindings.ts';
import type { Store } from './store.ts';
import { readOnce } from './wallet_read.ts';
import type { FedBlock } from './wire.ts';

export interface Pruning {
  connectBlock(block: FedBlock): void;
}

/** Witness version 0 with 32 bytes: what a funding output looks like (BOLT 3). */
const isFunding = (script: Uint8Array | undefined): boolean =>
  script?.length === 34 && script[0] === 0 && script[1] === 32;

export function createPruning(store: Store, graph: ldk.NetworkGraph): Pruning {
  function spend(outpoint: string): void {
    const row = store.get('select scid from funding_output where outpoint = ?', outpoint);
    if (row === undefined) return;
    graph.channel_failed_permanent(scidToNumber(shortChannelId(String(row.scid))));
    store.run('delete from funding_output where outpoint = ?', outpoint);
  }
  return {
    connectBlock({ height, transactions }) {
      for (const [place, raw] of transactions.entries()) {
        // The coinbase pays nobody's channel.
        if (place === 0) continue;
        const { transaction, txid } = readOnce(raw);
        for (let at = 0; at < transaction.inputsLength; at++) {
          const input = transaction.getInput(at);
          if (input.txid !== undefined) spend(`${toHex(input.txid)}:${input.index}`);
        }
        for (let index = 0; index < transaction.outputsLength; index++) {
          if (!isFunding(transaction.getOutput(index).script)) continue;
          const scid = `${height}x${place}x${index}`;
          store.run(
            'insert or ignore into funding_output (outpoint, scid) values (?, ?)',
            `${txid}:${index}`,
            scid,
          );
        }
      }
    },
  };
}
