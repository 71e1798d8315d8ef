/** One driver of one simulated node. A node outlives its drivers, as a daemon does. */
import { createHash } from 'node:crypto';
import { untrusted } from '../../lightning/ids.ts';
import { type Msat, msat } from '../../money/msat.ts';
import type {
  Channel,
  CloseAnswer,
  CloseOrder,
  LightningNode,
  NodeBalances,
  OpenAnswer,
  OpenOrder,
  PendingHtlc,
  RouteAnswer,
  RouteQuestion,
  Subscription,
} from '../node.ts';
import type { Coins } from './coins.ts';
import { takeLoss, type Verb } from './faults.ts';
import { sendPart } from './flights.ts';
import { cancelInvoice, invoiceStatus, makeInvoice } from './payee.ts';
import {
  type ChannelState,
  endOf,
  type Ground,
  type Htlc,
  isActive,
  type NodeState,
  otherEnd,
  spendableMsat,
} from './state.ts';

/** Thrown by every call that was lost, whether or not it was carried out. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

/** What a node may ask of the network around it. */
export interface Surroundings {
  readonly coins: Coins;
  find(node: NodeState, question: RouteQuestion): RouteAnswer;
  open(node: NodeState, order: OpenOrder): OpenAnswer;
  close(node: NodeState, order: CloseOrder): CloseAnswer;
  /** @throws when the peer cannot be reached. */
  connect(node: NodeState, peer: Channel['peer']): void;
}

const VERSION = 'memory';

export function handle(ground: Ground, around: Surroundings, node: NodeState): LightningNode {
  const subscriptions = new Set<Subscription>();
  let stopped = false;

  const lost = (what: string): Promise<never> =>
    node.faults.silent ? new Promise(() => {}) : Promise.reject(new ConnectionLost(`${node.name}: ${what}`));

  const call = async <Answer>(verb: Verb, run: () => Answer): Promise<Answer> => {
    const { faults } = node;
    if (stopped) throw new ConnectionLost(`${node.name}: the driver has been stopped`);
    if (!faults.up) return lost('the node is down');
    const loss = takeLoss(faults, verb);
    if (loss === 'request') return lost(`no answer to ${verb}`);
    const answer = run();
    if (faults.delayMs > 0) {
      await new Promise<void>((resolve) => void ground.time.after(faults.delayMs, resolve));
    }
    return loss === 'response' ? lost(`no answer to ${verb}`) : answer;
  };

  return {
    facets: {
      routes: { find: (question) => call('find', () => around.find(node, question)) },
      open: { open: (order) => call('open', () => around.open(node, order)) },
      close: { close: (order) => call('close', () => around.close(node, order)) },
    },
    info: () =>
      call('info', () => ({
        pubkey: node.pubkey,
        alias: untrusted(node.alias),
        version: VERSION,
        network: 'regtest',
        ...tipOf(ground, node),
        peers: peersOf(node),
        synced: node.faults.synced,
      })),
    balances: () => call('balances', () => balancesOf(node)),
    channels: () => call('channels', () => node.channels.map((channel) => channelOf(channel, node))),
    invoice: (order) => call('invoice', () => makeInvoice(ground, node, order)),
    lookupInvoice: (hash) => call('lookupInvoice', () => invoiceStatus(ground, node, hash)),
    cancelInvoice: (hash) => call('cancelInvoice', () => cancelInvoice(ground, node, hash)),
    sendPart: (order) => call('sendPart', () => sendPart(ground, node, order, subscriptions)),
    lookup: ({ token }) => call('lookup', () => node.parts.get(token) ?? { kind: 'not_found' }),
    pendingHtlcs: () => call('pendingHtlcs', () => pendingOf(node)),
    connect: (peer) => call('connect', () => around.connect(node, peer)),
    address: () => call('address', () => around.coins.address(node)),
    sendOnchain: (order) => call('sendOnchain', () => around.coins.send(node, order)),
    confirmations: (txid) => call('confirmations', () => around.coins.confirmations(node, txid)),
    subscribe(after, deliver) {
      if (stopped) throw new ConnectionLost(`${node.name}: the driver has been stopped`);
      const subscription = node.log.subscribe(after, deliver, subscriptions);
      subscriptions.add(subscription);
      return {
        ended: subscription.ended,
        stop() {
          subscriptions.delete(subscription);
          return subscription.stop();
        },
      };
    },
    async stop() {
      stopped = true;
      const all = [...subscriptions];
      subscriptions.clear();
      await Promise.all(all.map((subscription) => subscription.stop()));
    },
  };
}

/** Blocks are named by their height, and by the node that has them for itself. */
function tipOf(ground: Ground, { name, faults }: NodeState): { blockHeight: number; blockHash: string } {
  const blockHeight = faults.stuckAt ?? ground.height();
  const alone = faults.forkedAt !== null && blockHeight >= faults.forkedAt;
  const block = `block ${blockHeight}${alone ? ` of ${name}` : ''}`;
  return { blockHeight, blockHash: createHash('sha256').update(block).digest('hex') };
}

/** Those that it has a channel with, up and linked. */
const peersOf = (node: NodeState): number =>
  new Set(
    node.channels
      .filter((channel) => channel.linked)
      .map((channel) => otherEnd(channel, endOf(channel, node)).node)
      .filter((peer) => peer.faults.up),
  ).size;

function balancesOf(node: NodeState): NodeBalances {
  let channelsMsat = node.forwardingMsat;
  for (const channel of node.channels) channelsMsat += endOf(channel, node).localMsat;
  const inFlight: { paymentHash: Htlc['flight']['paymentHash']; amountMsat: Msat }[] = [];
  for (const { paymentHash, htlcs } of node.inFlight.values()) {
    const [first] = htlcs;
    if (first !== undefined) inFlight.push({ paymentHash, amountMsat: first.amountMsat });
  }
  return {
    cursor: node.log.cursor(),
    channelsMsat: msat(channelsMsat),
    inFlight,
    onchainMsat: msat(node.onchainMsat),
  };
}

/** What this node knows of: an HTLC that it has given back or claimed is over for it. */
const isPendingFor = (node: NodeState, { from, phase }: Htlc): boolean =>
  from.node === node ? phase !== 'over' : phase === 'arrived';

function pendingOn(channel: ChannelState, node: NodeState): Htlc[] {
  const [one, two] = channel.ends;
  return [...one.offered, ...two.offered].filter((htlc) => isPendingFor(node, htlc));
}

function pendingOf(node: NodeState): PendingHtlc[] {
  return node.channels.flatMap((channel) =>
    pendingOn(channel, node).map((htlc): PendingHtlc => {
      const { from, flight, index, amountMsat, cltvExpiry } = htlc;
      const out = from.node === node;
      const own = out ? index === 0 : index === flight.hops.length - 1;
      return {
        direction: out ? 'out' : 'in',
        paymentHash: flight.paymentHash,
        amountMsat,
        cltvExpiry,
        channel: channel.id,
        origin: own ? 'own' : 'forward',
      };
    }),
  );
}

function channelOf(channel: ChannelState, node: NodeState): Channel {
  const mine = endOf(channel, node);
  const theirs = otherEnd(channel, mine);
  const pending = pendingOn(channel, node).reduce((total, htlc) => total + htlc.amountMsat, 0n);
  return {
    id: channel.id,
    scid: channel.scid,
    peer: theirs.node.pubkey,
    peerAlias: untrusted(theirs.node.alias),
    capacityMsat: channel.capacityMsat,
    localMsat: msat(mine.localMsat),
    remoteMsat: msat(channel.capacityMsat - mine.localMsat - pending),
    spendableMsat: msat(spendableMsat(channel, mine)),
    receivableMsat: msat(spendableMsat(channel, theirs)),
    updates: null,
    active: isActive(channel),
    private: channel.private,
  };
}
