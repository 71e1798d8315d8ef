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
  readonly config: ldk.UserConfig;
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

export function createCore({ seedHex }: LdkNodeOptions, surroundings: Surroundings): Core {
  const { graph, logger, startingPoint } = surroundings;
  const now = Date.now();
  const nowSeconds = Math.floor(now / 1000);
  const fees = ldk.FeeEstimator.new_impl({ get_est_sat_per_1000_weight: () => FEERATE_PER_KW });
  const broadcaster = ldk.BroadcasterInterface.new_impl({
    broadcast_transactions: (transactions) => transactions.forEach(surroundings.broadcast),
  });
  const persister = createPersister();
  const noFilter = ldk.Option_FilterZ.constructor_none();
  const monitor = ldk.ChainMonitor.constructor_new(noFilter, broadcaster, logger, fees, persister);
  // Keys that are used once are derived from the starting time: it must differ between starts.
  const seed = Buffer.from(seedHex, 'hex');
  const keys = ldk.KeysManager.constructor_new(seed, BigInt(nowSeconds), (now % 1000) * 1_000_000);
  const entropy = keys.as_EntropySource();
  const signer = keys.as_NodeSigner();
  const scorer = ldk.ProbabilisticScorer.constructor_new(
    ldk.ProbabilisticScoringDecayParameters.constructor_default(),
    graph,
    logger,
  );
  const lockable = ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score());
  const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
  const router = ldk.DefaultRouter.constructor_new(
    graph,
    logger,
    entropy,
    lockable.as_LockableScore(),
    scoring,
  );
  const messageRouter = ldk.DefaultMessageRouter.constructor_new(graph, entropy);
  const config = createConfig(true);
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
    config,
    ldk.ChainParameters.constructor_new(ldk.Network.LDKNetwork_Regtest, best),
    nowSeconds,
  );
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
  return {
    pubkey: toHex(channels.get_our_node_id()),
    keys,
    channels,
    peers,
    scorer,
    eventSources: [channels, monitor, messenger].map((source) => source.as_EventsProvider()),
    blockSinks: [channels.as_Listen(), monitor.as_Listen()],
    config,
    kept: [
      fees,
      broadcaster,
      persister,
      monitor,
      lockable,
      scoring,
      router,
      messageRouter,
      ignoring,
      messenger,
      gossip,
    ],
  };
}
