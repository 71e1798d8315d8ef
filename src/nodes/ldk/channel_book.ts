/**
 * The node's record of its channels, from the funding transaction to the last coin that comes home: LDK forgets a
 * channel when it closes, and the ledger wants to know where its money went. Source of the stages: BOLT 5.
 */
import { type ChannelId, channelId } from '../../lightning/ids.ts';
import { type Msat, msat } from '../../money/msat.ts';
import type { ChannelFacts } from './facts.ts';
import type { Journal } from './journal.ts';
import { localMsat } from './map.ts';
import { pack, type Store, unpack } from './store.ts';

/** A channel that is closed, and whose coins have not all come home. */
interface Closing {
  readonly id: ChannelId;
  /** What the ledger has moved out of the channel. */
  readonly leftMsat: bigint;
  /** What the chain has given back. */
  readonly returnedMsat: bigint;
}

/** A transaction that brings coins of closed channels to the wallet. */
export interface Sweep {
  readonly txid: string;
  /** What reaches the wallet. */
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
}

export interface ChannelBook {
  /** Its funding transaction is out; until then neither its coins nor the wallet's count as moved. */
  isOpen(id: string): boolean;
  /** It is closed, and something may still come of it. */
  isClosing(id: string): boolean;
  /** @param fundingFeeMsat what the node paid the miners; null: the peer has opened it */
  open(channel: ChannelFacts, fundingFeeMsat: Msat | null): void;
  /**
   * An event gives the node's side of a channel so much, or takes it. Of a channel that is closed it is on its way over
   * the chain then, or was not the node's after all.
   */
  move(id: string, deltaMsat: bigint): void;
  /** Its own side, as the events have told it, leaves the channel. */
  close(id: string): void;
  /** This output of a closed channel has been taken. */
  hasTaken(outpoint: string): boolean;
  /** @param amountMsat what they are worth; 0 when it is too little to be sent home */
  take(id: string, outpoints: readonly string[], amountMsat: bigint): void;
  sweep(sweep: Sweep): void;
  /** It brings coins of closed channels home, and has no block yet. */
  isSweep(txid: string): boolean;
  /** Sweeps that are in a block now have come home. */
  connectBlock(txids: readonly string[]): void;
  /** Whoever has nothing to come any more is done. */
  conclude(isSettled: (id: string) => boolean): void;
  /** Puts what has moved into the step's commit. */
  save(): void;
}

/** A channel, and what the events say that the node has in it. LDK's own figure follows them at the next commitment. */
interface Open {
  readonly id: ChannelId;
  ownMsat: bigint;
}

export function createChannelBook(store: Store, node: string, journal: Journal): ChannelBook {
  const open = new Map(readAll<Open>('open').map((each) => [each.id as string, each]));
  const moved = new Set<Open>();
  const closing = new Map(readAll<Closing>('closing').map((each) => [each.id as string, each]));
  const sweeps = new Map(readAll<Sweep>('sweep').map((each) => [each.txid, each]));

  function readAll<T>(kind: string): T[] {
    return store
      .all('select body from channel_record where node = ? and kind = ?', node, kind)
      .map((row) => unpack<T>(row.body));
  }
  function keep(kind: string, id: string, body: unknown): void {
    store.run(
      'insert or replace into channel_record (node, kind, id, body) values (?, ?, ?, ?)',
      node,
      kind,
      id,
      pack(body),
    );
  }
  function forget(kind: string, id: string): void {
    store.run('delete from channel_record where node = ? and kind = ? and id = ?', node, kind, id);
  }
  function keepClosing(entry: Closing): void {
    closing.set(entry.id, entry);
    keep('closing', entry.id, entry);
  }
  function leave(entry: Closing, amountMsat: bigint): void {
    keepClosing({ ...entry, leftMsat: entry.leftMsat + amountMsat });
    journal.append({ kind: 'channel_closed', channel: entry.id, localMsat: amountMsat });
  }

  return {
    isOpen: (id) => open.has(id),
    isClosing: (id) => closing.has(id),
    open(channel, fundingFeeMsat) {
      const id = channelId(channel.id);
      if (open.has(id)) return;
      const own = localMsat(channel);
      const entry = { id, ownMsat: own };
      open.set(id, entry);
      moved.add(entry);
      const remoteMsat = msat(channel.capacityMsat - own);
      journal.append({ kind: 'channel_opened', channel: id, localMsat: own, remoteMsat, fundingFeeMsat });
    },
    move(id, deltaMsat) {
      const entry = open.get(id);
      if (entry === undefined) {
        leave(closing.get(id) ?? { id: channelId(id), leftMsat: 0n, returnedMsat: 0n }, deltaMsat);
        return;
      }
      entry.ownMsat += deltaMsat;
      moved.add(entry);
    },
    close(id) {
      const entry = open.get(id);
      if (entry === undefined) return;
      open.delete(id);
      moved.delete(entry);
      forget('open', id);
      leave({ id: entry.id, leftMsat: 0n, returnedMsat: 0n }, entry.ownMsat);
    },
    hasTaken: (outpoint) =>
      store.get(
        `select id from channel_record where node = ? and kind = 'output' and id = ?`,
        node,
        outpoint,
      ) !== undefined,
    take(id, outpoints, amountMsat) {
      for (const outpoint of outpoints) keep('output', outpoint, null);
      const entry = closing.get(id);
      if (entry !== undefined) keepClosing({ ...entry, returnedMsat: entry.returnedMsat + amountMsat });
    },
    sweep(sweep) {
      sweeps.set(sweep.txid, sweep);
      keep('sweep', sweep.txid, sweep);
    },
    isSweep: (txid) => sweeps.has(txid),
    connectBlock(txids) {
      for (const txid of txids) {
        const sweep = sweeps.get(txid);
        if (sweep === undefined) continue;
        sweeps.delete(txid);
        forget('sweep', txid);
        journal.append({ kind: 'coins_returned', ...sweep });
      }
    },
    conclude(isSettled) {
      for (const { id, leftMsat, returnedMsat } of closing.values()) {
        if (!isSettled(id)) continue;
        closing.delete(id);
        forget('closing', id);
        journal.append({ kind: 'channel_resolved', channel: id, costMsat: leftMsat - returnedMsat });
      }
    },
    save() {
      for (const entry of moved) keep('open', entry.id, entry);
      moved.clear();
    },
  };
}
