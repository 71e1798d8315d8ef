/** One LDK node: its verbs, and what keeps it going. */
import { nodePubkey, untrusted } from '../../lightning/ids.ts';
import { sentMsat } from '../../lightning/route.ts';
import { fromSat, msat, ZERO_MSAT } from '../../money/msat.ts';
import type { NodeBalances } from '../node.ts';
import { createInvoice } from './billing.ts';
import { freeNow, fromHex, ldk } from './bindings.ts';
import { createChannelBook } from './channel_book.ts';
import { channelVerbs } from './channel_verbs.ts';
import { createCore, type Surroundings } from './core.ts';
import { type ChannelFacts, isAnnouncing, listChannels, readTip } from './facts.ts';
import { readGraph } from './gossip.ts';
import { handleEvent, type NodeRecords } from './happenings.ts';
import { createInvoiceBook } from './invoices.ts';
import { createJournal } from './journal.ts';
import type { Links } from './links.ts';
import { bookedChannelsMsat, toPendingHtlcs } from './map.ts';
import { createOpenings } from './openings.ts';
import { createPartBook, toPartStatus } from './parts.ts';
import { peerVerbs } from './peering.ts';
import { findRoutes } from './routes.ts';
import { sendPart } from './sending.ts';
import type { Context, Table, VerbTable } from './verbs.ts';
import { createWallet } from './wallet.ts';
import { readOnce } from './wallet_read.ts';
import type { FedBlock, LdkNodeOptions } from './wire.ts';

export interface LdkNode {
  readonly name: string;
  readonly pubkey: string;
  readonly peers: ldk.PeerManager;
  /** See `LinkEnd`. */
  readonly announcing: () => boolean;
  readonly verbs: VerbTable;
  connectBlock(block: FedBlock): void;
  /** The channel manager's clock: after three ticks an incomplete set of parts is given up. */
  tick(): void;
  /** The connections' clock: whoever does not answer a ping within one is hung up. */
  tickPeers(): void;
  /** One round of work; answers whether HTLCs still wait to be forwarded. */
  pump(): boolean;
  /** The end of a step: closed channels that have nothing to come are done. */
  conclude(): void;
  /** Puts everything that has changed into the step's commit. */
  save(): void;
}

const VERSION = 'LDK 0.1.2';

export function createLdkNode(options: LdkNodeOptions, surroundings: Surroundings, links: Links): LdkNode {
  const { store } = surroundings;
  const { name } = options;
  const core = createCore(options, surroundings);
  const wallet = createWallet(store, name, options.seedHex);
  const journal = createJournal(store, name);
  const channels = createChannelBook(store, name, journal);
  const records: NodeRecords = {
    core,
    wallet,
    channels,
    invoices: createInvoiceBook(store, name),
    parts: createPartBook(store, name, channels),
    journal,
    openings: createOpenings(store, name, wallet.discard),
    // HTLCs may have waited to be forwarded when the node was stored.
    forwardsDue: core.storedHeight !== null,
    broadcast: surroundings.broadcast,
  };
  const clock = { chainMs: 0 };
  let height = core.storedHeight ?? surroundings.startingPoint.height;
  let announcing = false;
  /** Only blocks bring coins of closed channels home. */
  let blockSeen = true;

  function connectBlock(block: FedBlock): void {
    clock.chainMs = Buffer.from(block.header).readUInt32LE(68) * 1000;
    if (block.height <= height) return;
    height = block.height;
    blockSeen = true;
    core.connectBlock(block);
    for (const { txid, amountMsat } of wallet.scan(block.transactions)) {
      if (!channels.isSweep(txid))
        journal.append({ kind: 'coins_moved', txid, amountMsat, feeMsat: ZERO_MSAT });
    }
    announcing = core.channels.list_channels().some(isAnnouncing);
    channels.connectBlock(block.transactions.map((raw) => readOnce(raw).txid));
    journal.append({ kind: 'block', height: block.height });
  }
  for (const block of surroundings.missed) connectBlock(block);
  announcing = core.channels.list_channels().some(isAnnouncing);
  // Complete payments that waited to be claimed.
  for (const secret of records.invoices.accepted()) core.channels.claim_funds(fromHex(secret));
  const context: Context = {
    options,
    records,
    graph: surroundings.graph,
    saveGraph: surroundings.saveGraph,
    logger: surroundings.logger,
    clock,
  };

  return {
    name,
    pubkey: core.pubkey,
    peers: core.peers,
    announcing: () => announcing,
    verbs: {
      ...moneyVerbs(context),
      ...channelVerbs(context),
      ...fleetVerbs(context),
      ...peerVerbs(
        links,
        { pubkey: core.pubkey, peers: core.peers, announcing: () => announcing },
        options.alias,
      ),
    },
    connectBlock,
    tick() {
      core.channels.timer_tick_occurred();
      core.monitors.tick();
      core.trim();
    },
    tickPeers: () => core.peers.timer_tick_occurred(),
    pump: createPump(records),
    conclude() {
      if (!blockSeen) return;
      blockSeen = false;
      channels.conclude(core.monitors.isSettled);
    },
    save() {
      wallet.save();
      channels.save();
      core.save();
    },
  };
}

function createPump(records: NodeRecords): () => boolean {
  const { core } = records;
  let failure: { readonly error: unknown } | null = null;
  const handler = ldk.EventHandler.new_impl({
    handle_event(event) {
      try {
        if (failure === null) handleEvent(records, event);
        freeNow(event, 'Event');
      } catch (error) {
        failure ??= { error };
      }
      return failure === null
        ? ldk.Result_NoneReplayEventZ.constructor_ok()
        : ldk.Result_NoneReplayEventZ.constructor_err(ldk.ReplayEvent.constructor_new());
    },
  });
  function drain(): void {
    for (const source of core.eventSources) source.process_pending_events(handler);
    core.monitors.processEvents(handler);
    // An error must not travel through WASM, and what has been told must not count as done: the worker dies of it.
    if (failure !== null) throw failure.error;
  }
  return () => {
    core.peers.process_events();
    drain();
    if (records.forwardsDue) {
      records.forwardsDue = false;
      core.channels.process_pending_htlc_forwards();
      drain();
    }
    core.peers.process_events();
    return records.forwardsDue;
  };
}

function moneyVerbs({
  records,
  graph,
  logger,
  clock,
}: Context): Table<
  | 'balances'
  | 'invoice'
  | 'lookupInvoice'
  | 'cancelInvoice'
  | 'sendPart'
  | 'lookup'
  | 'pendingHtlcs'
  | 'findRoutes'
> {
  const { core, invoices, parts, journal, wallet, openings } = records;
  const openChannels = (): ChannelFacts[] =>
    listChannels(core.channels).filter((channel) => records.channels.isOpen(channel.id));
  const now = (): number => Math.max(Date.now(), clock.chainMs);

  const balances = (): NodeBalances => ({
    cursor: journal.cursor(),
    channelsMsat: bookedChannelsMsat(openChannels(), parts.ownHtlcs()),
    inFlight: parts
      .inFlight()
      .map(({ paymentHash, route }) => ({ paymentHash, amountMsat: sentMsat(route) })),
    onchainMsat: msat(wallet.balanceMsat() + fromSat(openings.reservedSat())),
  });

  return {
    balances: () => balances,
    invoice(order) {
      const created = createInvoice(core, invoices, order, { chainMs: clock.chainMs, nowMs: now() });
      return () => created;
    },
    lookupInvoice: (hash) => () => invoices.status(hash, now()),
    cancelInvoice(hash) {
      const answer = invoices.cancel(hash);
      // Parts of an incomplete total may wait at LDK.
      if (answer.kind === 'cancelled') core.channels.fail_htlc_backwards(fromHex(hash));
      return () => answer;
    },
    sendPart: (order) => sendPart(core, parts, order),
    lookup: (token) => () => toPartStatus(parts.find(token)),
    pendingHtlcs: () => () => toPendingHtlcs(listChannels(core.channels), parts.ownHtlcs(), invoices.has),
    findRoutes: (question) => () =>
      findRoutes(
        { pubkey: core.pubkey, graph, logger, scorer: core.scorer, channels: core.channels },
        question,
      ),
  };
}

function fleetVerbs({
  options,
  records,
  graph,
  saveGraph,
}: Context): Table<'info' | 'knownGraph' | 'saveGraph' | 'hold' | 'events'> {
  const { core, invoices, journal } = records;
  return {
    info: () => () => ({
      pubkey: nodePubkey(core.pubkey),
      alias: untrusted(options.alias),
      version: VERSION,
      network: 'regtest',
      ...readTip(core.channels),
      peers: core.peers.list_peers().length,
      synced: true,
    }),
    knownGraph: () => () => readGraph(graph),
    saveGraph() {
      saveGraph();
      return () => null;
    },
    hold(on) {
      invoices.hold(on);
      if (!on) for (const secret of invoices.accepted()) core.channels.claim_funds(fromHex(secret));
      return () => null;
    },
    events:
      ({ after, limit }) =>
      () => {
        const events = journal.after(after, limit);
        return events.length > 0 ? events : undefined;
      },
  };
}
