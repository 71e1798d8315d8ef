/** Puts one LDK node together: keys, managers, monitors, peers. */
import { freeNow, ldk, type Trimmed, toHex, trimmed, unwrap } from './bindings.ts';
import { createMonitors, type Monitors, readMonitors, type StoredMonitor, toLdkBlock } from './monitors.ts';
import type { Store } from './store.ts';
import type { FedBlock, LdkNodeOptions, StartingPoint } from './wire.ts';

/** What the nodes of one worker share. */
export interface Surroundings {
  /** One for all: each graph reserves some 160 MB of address space. */
  readonly graph: ldk.NetworkGraph;
  saveGraph(): void;
  readonly logger: ldk.Logger;
  readonly startingPoint: StartingPoint;
  readonly store: Store;
  /** Blocks that stored nodes have not seen, and some that they have; in order. */
  readonly missed: readonly FedBlock[];
  broadcast(transaction: Uint8Array): void;
}

export interface Core {
  readonly pubkey: string;
  readonly keys: ldk.KeysManager;
  readonly channels: ldk.ChannelManager;
  readonly peers: ldk.PeerManager;
  readonly scorer: ldk.ProbabilisticScorer;
  readonly monitors: Monitors;
  /** The channel manager first. */
  readonly eventSources: readonly ldk.EventsProvider[];
  /** The height that the manager was stored at; null: the node is new. */
  readonly storedHeight: number | null;
  connectBlock(block: FedBlock): void;
  /** Puts manager and monitors into the step's commit, if they have changed. */
  save(): void;
  /** Lets go of what the bindings have collected. */
  trim(): void;
  /** Rust holds pointers to these: the garbage collector must not free them. */
  readonly kept: readonly unknown[];
}

/** sat per 1000 weight units: the least that LDK takes. */
export const FEERATE_PER_KW = 253;
const MAX_DUST_EXPOSURE_MSAT = 5_000_000_000n;
const MAX_HTLCS = 483;

/** Getters of nested settings return copies: they have to be set back. */
export function createConfig(announced: boolean): ldk.UserConfig {
  const config = ldk.UserConfig.constructor_default();
  const handshake = config.get_channel_handshake_config();
  handshake.set_announce_for_forwarding(announced);
  handshake.set_minimum_depth(1);
  handshake.set_max_inbound_htlc_value_in_flight_percent_of_channel(100);
  handshake.set_our_max_accepted_htlcs(MAX_HTLCS);
  config.set_channel_handshake_config(handshake);
  const limits = config.get_channel_handshake_limits();
  limits.set_force_announced_channel_preference(false);
  config.set_channel_handshake_limits(limits);
  const channel = config.get_channel_config();
  // A limit that follows the fee rate would refuse many small payments at once.
  channel.set_max_dust_htlc_exposure(
    ldk.MaxDustHTLCExposure.constructor_fixed_limit_msat(MAX_DUST_EXPOSURE_MSAT),
  );
  config.set_channel_config(channel);
  config.set_accept_forwards_to_priv_channels(true);
  return config;
}

export function createLogger(warn: (line: string) => void): ldk.Logger {
  return ldk.Logger.new_impl({
    log(record) {
      if (record.get_level() >= ldk.Level.LDKLevel_Warn)
        warn(`${record.get_module_path()}: ${record.get_args()}`);
      freeNow(record, 'Record');
    },
  });
}

/** What the parts of one node are built from. */
interface Foundation {
  readonly keys: ldk.KeysManager;
  readonly entropy: ldk.EntropySource;
  readonly signer: ldk.NodeSigner;
  readonly fees: ldk.FeeEstimator;
  readonly broadcaster: ldk.BroadcasterInterface;
  readonly messageRouter: ldk.DefaultMessageRouter;
  readonly nowSeconds: number;
}

function createFoundation({ seedHex }: LdkNodeOptions, { graph, broadcast }: Surroundings): Foundation {
  const now = Date.now();
  const nowSeconds = Math.floor(now / 1000);
  // Keys that are used once are derived from the starting time: it must differ between starts.
  const seed = Buffer.from(seedHex, 'hex');
  const keys = ldk.KeysManager.constructor_new(seed, BigInt(nowSeconds), (now % 1000) * 1_000_000);
  const entropy = keys.as_EntropySource();
  return {
    keys,
    entropy,
    signer: keys.as_NodeSigner(),
    fees: ldk.FeeEstimator.new_impl({ get_est_sat_per_1000_weight: () => FEERATE_PER_KW }),
    broadcaster: ldk.BroadcasterInterface.new_impl({
      broadcast_transactions: (transactions) => transactions.forEach(broadcast),
    }),
    messageRouter: ldk.DefaultMessageRouter.constructor_new(graph, entropy),
    nowSeconds,
  };
}

function createScorer({ graph, logger }: Surroundings): ldk.ProbabilisticScorer {
  const decay = ldk.ProbabilisticScoringDecayParameters.constructor_default();
  return ldk.ProbabilisticScorer.constructor_new(decay, graph, logger);
}

/** What a channel manager is made of, new or read. */
interface Making {
  readonly foundation: Foundation;
  readonly surroundings: Surroundings;
  readonly watch: ldk.Watch;
  readonly router: ldk.Router;
}

function createRouter(
  { entropy }: Foundation,
  { graph, logger }: Surroundings,
  scorer: ldk.ProbabilisticScorer,
): { readonly router: ldk.Router; readonly kept: unknown[] } {
  const lockable = ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score());
  const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
  const score = lockable.as_LockableScore();
  const made = ldk.DefaultRouter.constructor_new(graph, logger, entropy, score, scoring);
  return { router: made.as_Router(), kept: [lockable, scoring, made] };
}

function newChannels({ foundation, surroundings, watch, router }: Making): ldk.ChannelManager {
  const { keys, entropy, signer, fees, broadcaster, messageRouter, nowSeconds } = foundation;
  const { logger, startingPoint } = surroundings;
  const best = ldk.BestBlock.constructor_new(startingPoint.hash, startingPoint.height);
  return ldk.ChannelManager.constructor_new(
    fees,
    watch,
    broadcaster,
    router,
    messageRouter.as_MessageRouter(),
    logger,
    entropy,
    signer,
    keys.as_SignerProvider(),
    createConfig(true),
    ldk.ChainParameters.constructor_new(ldk.Network.LDKNetwork_Regtest, best),
    nowSeconds,
  );
}

function readChannels(
  { foundation, surroundings, watch, router }: Making,
  bytes: Uint8Array,
  monitors: readonly StoredMonitor[],
): ldk.ChannelManager {
  const { keys, entropy, signer, fees, broadcaster, messageRouter } = foundation;
  const result = ldk.UtilMethods.constructor_C2Tuple_ThirtyTwoBytesChannelManagerZ_read(
    bytes,
    entropy,
    signer,
    keys.as_SignerProvider(),
    fees,
    watch,
    broadcaster,
    router,
    messageRouter.as_MessageRouter(),
    surroundings.logger,
    createConfig(true),
    monitors.map(({ monitor }) => monitor),
  );
  const ok = ldk.Result_C2Tuple_ThirtyTwoBytesChannelManagerZDecodeErrorZ_OK;
  return unwrap(result, ok, 'reading the channel manager').get_b();
}

function createPeers(
  { entropy, signer, messageRouter, nowSeconds }: Foundation,
  { graph, logger }: Surroundings,
  channels: ldk.ChannelManager,
): { readonly peers: ldk.PeerManager; readonly messenger: ldk.OnionMessenger; readonly kept: unknown[] } {
  const ignoring = ldk.IgnoringMessageHandler.constructor_new();
  const messenger = ldk.OnionMessenger.constructor_new(
    entropy,
    signer,
    logger,
    channels.as_NodeIdLookUp(),
    messageRouter.as_MessageRouter(),
    channels.as_OffersMessageHandler(),
    channels.as_AsyncPaymentsMessageHandler(),
    channels.as_DNSResolverMessageHandler(),
    ignoring.as_CustomOnionMessageHandler(),
  );
  const gossip = ldk.P2PGossipSync.constructor_new(graph, ldk.Option_UtxoLookupZ.constructor_none(), logger);
  const peers = ldk.PeerManager.constructor_new(
    channels.as_ChannelMessageHandler(),
    gossip.as_RoutingMessageHandler(),
    messenger.as_OnionMessageHandler(),
    ignoring.as_CustomMessageHandler(),
    nowSeconds,
    entropy.get_secure_random_bytes(),
    logger,
    signer,
  );
  return { peers, messenger, kept: [ignoring, gossip] };
}

const MANAGER = 'manager';

export function createCore(options: LdkNodeOptions, surroundings: Surroundings): Core {
  const { store, logger, missed } = surroundings;
  const { name } = options;
  const foundation = createFoundation(options, surroundings);
  const { keys, entropy, fees, broadcaster } = foundation;
  const surface = { broadcaster, fees, logger };
  const signers = { entropy, signers: keys.as_SignerProvider() };
  const stored = readMonitors(store, name, signers, surface);
  const monitors = createMonitors(store, name, surface, stored);
  const scorer = createScorer(surroundings);
  const { router, kept: routing } = createRouter(foundation, surroundings, scorer);
  const making = { foundation, surroundings, watch: monitors.watch, router };
  const manager = store.get('select bytes, height from state where node = ? and name = ?', name, MANAGER);
  const channels =
    manager === undefined ? newChannels(making) : readChannels(making, manager.bytes as Uint8Array, stored);
  for (const block of missed) monitors.connectBlock(block);
  const { peers, messenger, kept: handlers } = createPeers(foundation, surroundings, channels);
  const blocks = channels.as_Listen();
  const eventSources = [channels, messenger].map((source) => source.as_EventsProvider());
  const trims: readonly Trimmed[] = [channels, peers, scorer, keys, blocks, messenger, ...eventSources].map(
    trimmed,
  );
  let isNew = manager === undefined;

  return {
    pubkey: toHex(channels.get_our_node_id()),
    keys,
    channels,
    peers,
    scorer,
    monitors,
    eventSources,
    storedHeight: manager === undefined ? null : channels.current_best_block().get_height(),
    connectBlock(block) {
      blocks.filtered_block_connected(block.header, toLdkBlock(block), block.height);
      monitors.connectBlock(block);
    },
    save() {
      const due = [channels.get_and_clear_needs_persistence(), monitors.clearTouched(), isNew].some(Boolean);
      if (!due || !store.durable) return;
      isNew = false;
      const height = channels.current_best_block().get_height();
      store.run(
        'insert or replace into state (node, name, bytes, height) values (?, ?, ?, ?)',
        name,
        MANAGER,
        channels.write(),
        height,
      );
    },
    trim() {
      for (const trim of trims) trim();
    },
    kept: [foundation, signers, messenger, ...routing, ...handlers],
  };
}
