/** Puts one LDK node together: keys, managers, monitors, peers. */
import { freeNow, ldk, toHex } from './bindings.ts';
import type { LdkNodeOptions, StartingPoint } from './wire.ts';

/** What the nodes of one worker share. */
export interface Surroundings {
  /** One for all: each graph reserves some 160 MB of address space. */
  readonly graph: ldk.NetworkGraph;
  readonly logger: ldk.Logger;
  readonly startingPoint: StartingPoint;
  broadcast(transaction: Uint8Array): void;
}

export interface Core {
  readonly pubkey: string;
  readonly keys: ldk.KeysManager;
  readonly channels: ldk.ChannelManager;
  readonly peers: ldk.PeerManager;
  readonly scorer: ldk.ProbabilisticScorer;
  /** The channel manager first. */
  readonly eventSources: readonly ldk.EventsProvider[];
  readonly blockSinks: readonly ldk.Listen[];
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

/** Keeps nothing: persistence is to come, and this is where monitors will be handed over. */
function createPersister(): ldk.Persist {
  const completed = ldk.ChannelMonitorUpdateStatus.LDKChannelMonitorUpdateStatus_Completed;
  return ldk.Persist.new_impl({
    persist_new_channel(_funding, monitor) {
      freeNow(monitor, 'ChannelMonitor');
      return completed;
    },
    update_persisted_channel(_funding, update, monitor) {
      freeNow(update, 'ChannelMonitorUpdate');
      freeNow(monitor, 'ChannelMonitor');
      return completed;
    },
    archive_persisted_channel() {},
  });
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

function createChannels(
  { keys, entropy, signer, fees, broadcaster, messageRouter, nowSeconds }: Foundation,
  { graph, logger, startingPoint }: Surroundings,
  monitor: ldk.ChainMonitor,
  scorer: ldk.ProbabilisticScorer,
): { readonly channels: ldk.ChannelManager; readonly kept: unknown[] } {
  const lockable = ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score());
  const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
  const score = lockable.as_LockableScore();
  const router = ldk.DefaultRouter.constructor_new(graph, logger, entropy, score, scoring);
  const best = ldk.BestBlock.constructor_new(startingPoint.hash, startingPoint.height);
  const channels = ldk.ChannelManager.constructor_new(
    fees,
    monitor.as_Watch(),
    broadcaster,
    router.as_Router(),
    messageRouter.as_MessageRouter(),
    logger,
    entropy,
    signer,
    keys.as_SignerProvider(),
    createConfig(true),
    ldk.ChainParameters.constructor_new(ldk.Network.LDKNetwork_Regtest, best),
    nowSeconds,
  );
  return { channels, kept: [lockable, scoring, router] };
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

export function createCore(options: LdkNodeOptions, surroundings: Surroundings): Core {
  const foundation = createFoundation(options, surroundings);
  const { keys, fees, broadcaster } = foundation;
  const persister = createPersister();
  const noFilter = ldk.Option_FilterZ.constructor_none();
  const { logger } = surroundings;
  const monitor = ldk.ChainMonitor.constructor_new(noFilter, broadcaster, logger, fees, persister);
  const scorer = createScorer(surroundings);
  const { channels, kept: router } = createChannels(foundation, surroundings, monitor, scorer);
  const { peers, messenger, kept: handlers } = createPeers(foundation, surroundings, channels);
  return {
    pubkey: toHex(channels.get_our_node_id()),
    keys,
    channels,
    peers,
    scorer,
    eventSources: [channels, monitor, messenger].map((source) => source.as_EventsProvider()),
    blockSinks: [channels.as_Listen(), monitor.as_Listen()],
    kept: [foundation, persister, monitor, messenger, ...router, ...handlers],
  };
}
