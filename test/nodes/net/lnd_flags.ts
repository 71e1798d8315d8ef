/** The flags of an LND in a test network. */
export interface LndPlace {
  readonly name: string;
  readonly folder: string;
  readonly rpcPort: number;
  readonly restPort: number;
  readonly p2pPort: number;
}

/** What a node charges for forwarding over its channels, unless the channel says otherwise. */
export interface Fee {
  readonly baseMsat: number;
  readonly ppm: number;
  /** Blocks. */
  readonly cltvDelta: number;
}

export const LND_FEE: Fee = { baseMsat: 1_000, ppm: 250, cltvDelta: 80 };

export const lndFlags = (place: LndPlace, fee: Fee, chainFlags: readonly string[]): string[] => [
  `--lnddir=${place.folder}`,
  `--alias=${place.name}`,
  `--rpclisten=127.0.0.1:${place.rpcPort}`,
  `--restlisten=127.0.0.1:${place.restPort}`,
  `--listen=127.0.0.1:${place.p2pPort}`,
  `--externalip=127.0.0.1:${place.p2pPort}`,
  '--nobootstrap',
  '--logging.file.disable',
  '--debuglevel=info',
  '--bitcoin.regtest',
  ...chainFlags,
  `--bitcoin.basefee=${fee.baseMsat}`,
  `--bitcoin.feerate=${fee.ppm}`,
  `--bitcoin.timelockdelta=${fee.cltvDelta}`,
  // What Argosy asks of its nodes.
  '--accept-keysend',
  '--protocol.option-scid-alias',
  '--protocol.zero-conf',
  '--protocol.wumbo-channels',
  // Quicker than among strangers: gossip, reconnecting, confirming.
  '--trickledelay=50',
  '--gossip.sub-batch-delay=20ms',
  '--minbackoff=200ms',
  '--maxbackoff=2s',
  '--bitcoin.defaultchanconfs=1',
  '--db.batch-commit-interval=5ms',
  '--maxpendingchannels=50',
  // A chain that is paused on purpose is no reason to end.
  '--healthcheck.chainbackend.attempts=0',
];
