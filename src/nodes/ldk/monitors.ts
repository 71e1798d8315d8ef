/**
 * The channel monitors of one node, in place of LDK's `ChainMonitor`: through the bindings that one hands out a copy
 * of the whole monitor with every update, so that each payment costs more the older its channel is. Here an update
 * is applied and written as it is; the whole monitor is written again once its updates outweigh it.
 *
 * What a ChainMonitor does for its owner is done in the same order.
 * Source: rust-lightning 0.1, lightning/src/chain/chainmonitor.rs.
 */
import { check, freeNow, ldk, type Trimmed, toHex, trimmed, unwrap } from './bindings.ts';
import type { Store } from './store.ts';
import type { FedBlock } from './wire.ts';

/** What a monitor needs to act on the chain. */
export interface Surface {
  readonly broadcaster: ldk.BroadcasterInterface;
  readonly fees: ldk.FeeEstimator;
  readonly logger: ldk.Logger;
}

export interface Monitors {
  /** For the channel manager. */
  readonly watch: ldk.Watch;
  /** Blocks make spendable outputs, which come as events. */
  processEvents(handler: ldk.EventHandler): void;
  /** Each monitor has a best block of its own: those that know the block already are passed over. */
  connectBlock(block: FedBlock): void;
  /** Nothing more is to come of this channel, on the chain or off it. */
  isSettled(id: string): boolean;
  /** The monitors' clock: claims that may have been lost go out again. */
  tick(): void;
  /** Whether updates have been written since the last call: then the manager must be in the same commit. */
  clearTouched(): boolean;
}

/** A monitor that was read, its updates applied, not yet watched. */
export interface StoredMonitor {
  readonly funding: string;
  readonly monitor: ldk.ChannelMonitor;
  /** Bytes of the updates that lie beside it. */
  readonly loose: number;
  readonly size: number;
}

interface Watched {
  readonly outpoint: ldk.OutPoint;
  readonly monitor: ldk.ChannelMonitor;
  readonly trim: Trimmed;
  size: number;
  loose: number;
}

/** Whole monitors are written this often at least, so that a restart has few blocks to tell them; others are let go. */
const BLOCKS_BETWEEN = 144;
const { LDKChannelMonitorUpdateStatus_Completed: DONE, LDKChannelMonitorUpdateStatus_InProgress: STUCK } =
  ldk.ChannelMonitorUpdateStatus;

const nameOf = (outpoint: ldk.OutPoint): string => `${toHex(outpoint.get_txid())}:${outpoint.get_index()}`;

export const toLdkBlock = (block: FedBlock): ldk.TwoTuple_usizeTransactionZ[] =>
  block.transactions.map((raw, at) => ldk.TwoTuple_usizeTransactionZ.constructor_new(at, raw));

export function createMonitors(
  store: Store,
  node: string,
  surface: Surface,
  stored: readonly StoredMonitor[],
): Monitors {
  const { broadcaster, fees, logger } = surface;
  const watched = new Map<string, Watched>();
  let touched = false;
  let eventsDue = true;

  for (const { funding, monitor, size, loose } of stored) {
    const outpoint = monitor.get_funding_txo().get_a();
    watched.set(funding, { outpoint, monitor, trim: trimmed(monitor), size, loose });
  }

  function writeWhole(funding: string, entry: Watched): void {
    touched = true;
    entry.loose = 0;
    if (!store.durable) return;
    const bytes = entry.monitor.write();
    entry.size = bytes.length;
    store.run(
      'insert or replace into monitor (node, funding, bytes, height) values (?, ?, ?, ?)',
      node,
      funding,
      bytes,
      entry.monitor.current_best_block().get_height(),
    );
    store.run('delete from monitor_update where node = ? and funding = ?', node, funding);
  }

  function writeUpdate(funding: string, entry: Watched, update: ldk.ChannelMonitorUpdate): void {
    touched = true;
    if (!store.durable) return;
    const bytes = update.write();
    entry.loose += bytes.length;
    if (entry.loose > entry.size) {
      writeWhole(funding, entry);
      return;
    }
    store.run(
      'insert into monitor_update (node, funding, id, bytes) values (?, ?, ?, ?)',
      node,
      funding,
      update.get_update_id().toString().padStart(20, '0'),
      bytes,
    );
  }

  /** LDK says so some 4,000 blocks after the last coin of a closed channel. */
  function isOver({ monitor }: Watched): boolean {
    return Boolean(monitor.check_and_update_full_resolution_status(logger).get_a());
  }

  function forget(funding: string): void {
    watched.delete(funding);
    store.run('delete from monitor where node = ? and funding = ?', node, funding);
    store.run('delete from monitor_update where node = ? and funding = ?', node, funding);
  }

  const watch = ldk.Watch.new_impl({
    watch_channel(outpoint, monitor) {
      const funding = nameOf(outpoint);
      if (watched.has(funding)) return ldk.Result_ChannelMonitorUpdateStatusNoneZ.constructor_err();
      const entry = { outpoint, monitor, trim: trimmed(monitor), size: 0, loose: 0 };
      watched.set(funding, entry);
      writeWhole(funding, entry);
      return ldk.Result_ChannelMonitorUpdateStatusNoneZ.constructor_ok(DONE);
    },
    update_channel(outpoint, update) {
      const funding = nameOf(outpoint);
      const entry = watched.get(funding);
      if (entry === undefined) throw new Error(`LDK updates a monitor that nobody watches: ${funding}`);
      const applied = entry.monitor.update_monitor(update, broadcaster, fees, logger).is_ok();
      // A refused update may have changed the monitor half way: what it is now is kept, and the channel stops.
      if (applied) writeUpdate(funding, entry, update);
      else writeWhole(funding, entry);
      freeNow(update, 'ChannelMonitorUpdate');
      return applied ? DONE : STUCK;
    },
    release_pending_monitor_events() {
      const told: ldk.FourTuple_OutPointChannelIdCVec_MonitorEventZPublicKeyZ[] = [];
      for (const { outpoint, monitor } of watched.values()) {
        const events = monitor.get_and_clear_pending_monitor_events();
        if (events.length === 0) continue;
        const tuple = ldk.FourTuple_OutPointChannelIdCVec_MonitorEventZPublicKeyZ.constructor_new(
          outpoint,
          monitor.channel_id(),
          events,
          monitor.get_counterparty_node_id(),
        );
        told.push(tuple);
      }
      return told;
    },
  });

  return {
    watch,
    processEvents(handler) {
      if (!eventsDue) return;
      eventsDue = false;
      for (const { monitor } of watched.values())
        check(monitor.process_pending_events(handler, logger), 'events of a monitor');
    },
    connectBlock(block) {
      const { header, height, transactions } = block;
      eventsDue = true;
      for (const [funding, entry] of watched) {
        if (entry.monitor.current_best_block().get_height() >= height) continue;
        entry.monitor.block_connected(header, toLdkBlock(block), height, broadcaster, fees, logger);
        // The coinbase is nobody's business; anything else may be.
        const periodic = height % BLOCKS_BETWEEN === 0;
        if (periodic && isOver(entry)) forget(funding);
        else if (periodic || transactions.length > 1) writeWhole(funding, entry);
      }
    },
    isSettled(id) {
      if (eventsDue) return false;
      const found = [...watched.values()].find(({ monitor }) => toHex(monitor.channel_id().get_a()) === id);
      return found === undefined || found.monitor.get_claimable_balances().length === 0;
    },
    tick() {
      eventsDue = true;
      for (const { monitor, trim } of watched.values()) {
        monitor.rebroadcast_pending_claims(broadcaster, fees, logger);
        trim();
      }
    },
    clearTouched() {
      const was = touched;
      touched = false;
      return was;
    },
  };
}

/** Reads what was written, and applies the updates that came after each whole. */
export function readMonitors(
  store: Store,
  node: string,
  keys: { readonly entropy: ldk.EntropySource; readonly signers: ldk.SignerProvider },
  { broadcaster, fees, logger }: Surface,
): StoredMonitor[] {
  return store.all('select funding, bytes from monitor where node = ?', node).map((row) => {
    const bytes = row.bytes as Uint8Array;
    const funding = String(row.funding);
    const result = ldk.UtilMethods.constructor_C2Tuple_ThirtyTwoBytesChannelMonitorZ_read(
      bytes,
      keys.entropy,
      keys.signers,
    );
    const ok = ldk.Result_C2Tuple_ThirtyTwoBytesChannelMonitorZDecodeErrorZ_OK;
    const monitor = unwrap(result, ok, `monitor ${funding}`).get_b();
    let loose = 0;
    const updates = store.all(
      'select bytes from monitor_update where node = ? and funding = ? order by id',
      node,
      funding,
    );
    for (const { bytes: written } of updates) {
      const read = ldk.ChannelMonitorUpdate.constructor_read(written as Uint8Array);
      const update = unwrap(read, ldk.Result_ChannelMonitorUpdateDecodeErrorZ_OK, 'monitor update');
      loose += (written as Uint8Array).length;
      check(monitor.update_monitor(update, broadcaster, fees, logger), `update of monitor ${funding}`);
    }
    return { funding, monitor, size: bytes.length, loose };
  });
}
