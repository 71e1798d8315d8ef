/** Between the port's terms and LND's. Pure. */
import {
  channelId,
  type Network,
  nodePubkey,
  preimage,
  type ShortChannelId,
  scidFromNumber,
  scidToNumber,
  untrusted,
} from '../../lightning/ids.ts';
import { deliveredMsat, type Hop, type Route, sentMsat } from '../../lightning/route.ts';
import { MSAT_PER_SAT, type Msat, msat, ZERO_MSAT } from '../../money/msat.ts';
import type { Channel, InvoiceStatus, NodeInfo, PartFailure, PartOrder } from '../node.ts';
import type { Ask } from './call.ts';
import type {
  CommitmentType,
  Failure_FailureCode,
  GetInfoResponse,
  HTLCAttempt,
  Invoice,
  Channel as LndChannel,
  Hop as LndHop,
  Route as LndRoute,
} from './proto/lightning.ts';

export const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const hex = (buffer: Buffer): string => buffer.toString('hex');
export const satToMsat = (sat: string | number | bigint): bigint => BigInt(sat) * MSAT_PER_SAT;

export const chanId = (scid: ShortChannelId): string => scidToNumber(scid).toString();
export const scidOf = (id: string): ShortChannelId => scidFromNumber(BigInt(id));

const NETWORKS: Readonly<Record<string, Network>> = {
  mainnet: 'bitcoin',
  testnet: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/** @throws Error on a chain that Argosy does not know */
export function nodeInfo(info: GetInfoResponse): NodeInfo {
  const network = NETWORKS[info.chains[0]?.network ?? ''];
  if (network === undefined)
    throw new Error(`LND is on ${info.chains[0]?.network}, which Argosy does not know`);
  return {
    pubkey: nodePubkey(info.identity_pubkey),
    alias: untrusted(info.alias),
    version: `lnd ${info.version.split(' ')[0]}`,
    network,
    blockHeight: info.block_height,
    blockHash: info.block_hash,
    peers: info.num_peers,
    synced: info.synced_to_chain,
  };
}

/** A part of a total over a given way, at a given height. Source: BOLT 4. */
export function toLndRoute(route: Route, lastHop: Ask<LndHop>, height: number): Ask<LndRoute> {
  const { hops } = route;
  let expiry = height + hops.reduce((blocks, hop) => blocks + hop.cltvDelta, 0);
  const total_time_lock = expiry;
  const last = hops.length - 1;
  return {
    total_time_lock,
    total_amt_msat: sentMsat(route).toString(),
    total_fees_msat: (sentMsat(route) - deliveredMsat(route)).toString(),
    hops: hops.map((hop, at) => {
      const next = hops[at + 1];
      if (next !== undefined) expiry -= hop.cltvDelta;
      const forwarded = next?.amountMsat ?? hop.amountMsat;
      return {
        chan_id: chanId(hop.scid),
        pub_key: hop.pubkey,
        amt_to_forward_msat: forwarded.toString(),
        fee_msat: (hop.amountMsat - forwarded).toString(),
        expiry,
        ...(at === last ? lastHop : {}),
      };
    }),
  };
}

/** What the payee of an invoice finds in the onion. */
export const finalHop = ({ paymentSecret, paymentMetadata, totalMsat }: PartOrder): Ask<LndHop> => ({
  mpp_record: { payment_addr: bytes(paymentSecret), total_amt_msat: totalMsat.toString() },
  ...(paymentMetadata === null ? {} : { metadata: bytes(paymentMetadata) }),
});

/** @param finalCltvDelta what was asked for the payee */
export function fromLndRoute(route: LndRoute, finalCltvDelta: number): Route {
  let incoming = route.total_time_lock;
  const hops = route.hops.map((hop, at): Hop => {
    const isLast = at === route.hops.length - 1;
    const cltvDelta = isLast ? finalCltvDelta : incoming - hop.expiry;
    incoming = hop.expiry;
    const amountMsat = msat(BigInt(hop.amt_to_forward_msat) + BigInt(hop.fee_msat));
    return { pubkey: nodePubkey(hop.pub_key), scid: scidOf(hop.chan_id), amountMsat, cltvDelta };
  });
  const [first, ...rest] = hops;
  if (first === undefined) throw new Error('LND gave a route without hops');
  return { hops: [first, ...rest] };
}

/** What arrives at the payee: tells the parts of one payment apart. */
export const attemptDelivers = ({ route }: HTLCAttempt): bigint =>
  BigInt(route?.hops.at(-1)?.amt_to_forward_msat ?? 0);

const FAILURES: Partial<Record<Failure_FailureCode, PartFailure>> = {
  INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS: 'payee_refused',
  INCORRECT_PAYMENT_AMOUNT: 'payee_refused',
  FINAL_INCORRECT_CLTV_EXPIRY: 'payee_refused',
  FINAL_INCORRECT_HTLC_AMOUNT: 'payee_refused',
  FINAL_EXPIRY_TOO_SOON: 'payee_refused',
  MPP_TIMEOUT: 'timeout',
  TEMPORARY_CHANNEL_FAILURE: 'no_liquidity',
  UNKNOWN_NEXT_PEER: 'node_down',
  TEMPORARY_NODE_FAILURE: 'node_down',
  PERMANENT_NODE_FAILURE: 'node_down',
  PERMANENT_CHANNEL_FAILURE: 'node_down',
  UNREADABLE_FAILURE: 'unattributable',
  UNKNOWN_FAILURE: 'unattributable',
};

export const partFailure = ({ failure }: HTLCAttempt): PartFailure =>
  failure === null ? 'unattributable' : (FAILURES[failure.code] ?? 'no_route');

/** Of both sides, in sat: the opener's until the channel closes. Source: BOLT 3. */
const ANCHORS_SAT = 660n;
/** Weight of a commitment transaction without HTLCs, and of each further HTLC. Source: BOLT 3. */
const WEIGHT = { anchors: 1124n, taproot: 968n, legacy: 724n };
const HTLC_WEIGHT = 172n;

/** What the commitment transaction costs its opener, in sat: fee and anchors. LND's `commit_fee` counts dust as well. */
export function commitmentCostSat(channel: LndChannel): bigint {
  const { commitment_type: type, pending_htlcs: htlcs } = channel;
  // Each side and each HTLC may have lost a fraction of a satoshi in LND's telling.
  const rest = htlcs.reduce(
    (sat, htlc) => sat - BigInt(htlc.amount),
    BigInt(channel.capacity) - BigInt(channel.local_balance) - BigInt(channel.remote_balance),
  );
  const base = baseWeight(type);
  const fraction = BigInt(htlcs.length) + 1n;
  for (let inOutputs = 0n; inOutputs <= htlcs.length; inOutputs++) {
    const feeSat = (BigInt(channel.fee_per_kw) * (base + HTLC_WEIGHT * inOutputs)) / 1000n;
    const cost = feeSat + anchorsSat(type);
    if (rest >= cost && rest - cost <= fraction) return cost;
  }
  return rest;
}

export const anchorsSat = (type: CommitmentType): bigint => (hasAnchors(type) ? ANCHORS_SAT : 0n);

const baseWeight = (type: CommitmentType): bigint =>
  isTaproot(type) ? WEIGHT.taproot : hasAnchors(type) ? WEIGHT.anchors : WEIGHT.legacy;
const isTaproot = (type: CommitmentType): boolean => type.includes('TAPROOT');
const hasAnchors = (type: CommitmentType): boolean =>
  type !== 'LEGACY' && type !== 'STATIC_REMOTE_KEY' && type !== 'UNKNOWN_COMMITMENT_TYPE';

/**
 * LND tells its sides of a channel in whole satoshis; of each less than one is left out here, and none in the
 * balances of the node.
 */
export function toChannel(channel: LndChannel): Channel {
  const cost = satToMsat(commitmentCostSat(channel));
  const local = satToMsat(channel.local_balance);
  const remote = satToMsat(channel.remote_balance);
  const buffer = feeBufferMsat(channel);
  const { active } = channel;
  const free = (side: bigint): Msat => (active ? msat(larger(side, 0n)) : ZERO_MSAT);
  return {
    id: channelId(channel.channel_point),
    scid: BigInt(channel.chan_id) === 0n ? null : confirmedScid(channel),
    peer: nodePubkey(channel.remote_pubkey),
    peerAlias: untrusted(channel.peer_alias),
    capacityMsat: msat(satToMsat(channel.capacity)),
    localMsat: msat(local + (channel.initiator ? cost : 0n)),
    remoteMsat: msat(remote + (channel.initiator ? 0n : cost)),
    spendableMsat: free(local - reserve(channel.local_constraints) - (channel.initiator ? buffer : 0n)),
    receivableMsat: free(remote - reserve(channel.remote_constraints) - (channel.initiator ? 0n : buffer)),
    updates: BigInt(channel.num_updates),
    active,
    private: channel.private,
  };
}

const confirmedScid = (channel: LndChannel): ShortChannelId =>
  scidOf(
    channel.zero_conf && channel.zero_conf_confirmed_scid !== '0'
      ? channel.zero_conf_confirmed_scid
      : channel.chan_id,
  );

const reserve = (constraints: LndChannel['local_constraints']): bigint =>
  satToMsat(constraints?.chan_reserve_sat ?? '0');

/**
 * The opener pays for the HTLC that it adds and for one more, and keeps enough for twice the fee rate of now: so much
 * more than it pays now, in msat. Source: BOLT 2; LND's `CalcFeeBuffer`.
 */
function feeBufferMsat(channel: LndChannel): bigint {
  const { commitment_type: type, pending_htlcs: htlcs } = channel;
  const weight = baseWeight(type) + HTLC_WEIGHT * (BigInt(htlcs.length) + 2n);
  const paidSat = commitmentCostSat(channel) - anchorsSat(type);
  return satToMsat(larger((2n * BigInt(channel.fee_per_kw) * weight) / 1000n - paidSat, 0n));
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** @param now ms since 1970 */
export function invoiceStatus(invoice: Invoice, now: number): InvoiceStatus {
  if (invoice.state === 'SETTLED') {
    const receivedMsat = msat(BigInt(invoice.amt_paid_msat));
    return { kind: 'settled', receivedMsat, preimage: preimage(hex(invoice.r_preimage)) };
  }
  if (isHeld(invoice)) return { kind: 'accepted' };
  const isOver = now >= (Number(invoice.creation_date) + Number(invoice.expiry)) * 1000;
  if (invoice.state === 'CANCELED') return { kind: isOver ? 'expired' : 'cancelled' };
  return { kind: isOver ? 'expired' : 'pending' };
}

/** Complete and waiting for its preimage, or waiting for the rest of a total. */
const isHeld = (invoice: Invoice): boolean =>
  invoice.state === 'ACCEPTED' ||
  (invoice.state === 'OPEN' && invoice.htlcs.some((htlc) => htlc.state === 'ACCEPTED'));
