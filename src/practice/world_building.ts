/** Builds a new network, on a chain with ripe coins and nodes that are linked: coins, channels, gossip. */
import { randomHex } from '../kit/ids.ts';
import { fromSat } from '../money/msat.ts';
import type { Knowledge, LdkHost } from '../nodes/ldk/host.ts';
import type { LightningNode } from '../nodes/node.ts';
import type { Chain } from './chain.ts';
import { scriptOf } from './chain_address.ts';
import { announcedOf, type NetworkPlan, type PlannedChannel, publicNames } from './network_plan.ts';

/** Channels are announced at six confirmations (BOLT 7), and LDK leaves them out of route hints at seven. */
export const ANNOUNCED_BLOCKS = 7;
/** What opening a channel costs at most. */
const OPENING_SAT = 10_000;
const POLL_MS = 15;
const PATIENCE_MS = 30_000;
const PEERS_MS = 5_000;

/** What every step of a start works on. */
export interface Building<Name extends string> {
  readonly plan: NetworkPlan<Name>;
  readonly names: readonly Name[];
  readonly chain: Chain;
  readonly hosts: readonly LdkHost[];
  /** Mines, and resolves once every node knows the blocks. */
  mine(blocks: number): Promise<void>;
  place(name: Name): { readonly host: LdkHost; readonly name: Name };
  node(name: Name): LightningNode;
  /** Links two nodes as peers; idempotent. */
  befriend(one: Name, other: Name): Promise<void>;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`the practice world waited ${PATIENCE_MS} ms in vain: ${what}; start it again`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

/** One coin for each channel to open, so that none waits for another's change. */
export async function fundWallets<Name extends string>({
  plan,
  names,
  chain,
  node,
  mine,
}: Building<Name>): Promise<void> {
  const fund = async (name: Name): Promise<void> => {
    const script = scriptOf(await node(name).address());
    const own = plan.channels.filter(({ from }) => from === name);
    const amounts = [plan.spareSat, ...own.map(({ capacitySat }) => capacitySat + OPENING_SAT)];
    for (const amountSat of amounts) chain.fund(script, BigInt(amountSat));
  };
  await Promise.all(names.map(fund));
  await mine(1);
}

async function openChannel<Name extends string>(
  { place }: Building<Name>,
  planned: PlannedChannel<Name>,
): Promise<void> {
  const [from, to] = [place(planned.from), place(planned.to)];
  const opener = from.host.node(from.name);
  const peer = to.host.pubkey(to.name);
  await opener.connect(peer, '');
  const order = {
    token: randomHex(32),
    peer,
    capacityMsat: fromSat(BigInt(planned.capacitySat)),
    pushMsat: fromSat(BigInt(planned.pushSat)),
    private: planned.private === true,
  };
  const answer = await opener.facets.open?.open(order);
  if (answer?.kind !== 'opened') throw new Error(`${from.name} opened no channel: ${answer?.detail}`);
  const { channel } = answer;
  await Promise.all([
    from.host.setForwardingFee(from.name, channel, planned.fromFee),
    to.host.setForwardingFee(to.name, channel, planned.toFee),
  ]);
}

export async function openChannels<Name extends string>(building: Building<Name>): Promise<void> {
  const { plan, names, chain, node, mine } = building;
  await Promise.all(plan.channels.map((planned) => openChannel(building, planned)));
  await until('funding transactions', () => chain.waiting === plan.channels.length);
  await mine(ANNOUNCED_BLOCKS);
  const usable = async (name: Name): Promise<boolean> => {
    const planned = plan.channels.filter(({ from, to }) => from === name || to === name);
    const channels = await node(name).channels();
    return channels.filter((channel) => channel.active).length === planned.length;
  };
  await until('usable channels', async () => (await Promise.all(names.map(usable))).every(Boolean));
}

export async function spreadGossip<Name extends string>({
  plan,
  hosts,
  place,
}: Building<Name>): Promise<void> {
  const everywhere = (what: string, holds: (knowledge: Knowledge) => boolean): Promise<void> =>
    until(what, async () => (await Promise.all(hosts.map((host) => host.knowledge()))).every(holds));
  const all = announcedOf(plan).length;
  const known = [...publicNames(plan)];
  await everywhere(
    'gossip of channels',
    ({ channels, policies }) => channels === all && policies === 2 * all,
  );
  await Promise.all(known.map((name) => place(name).host.announce(name)));
  await everywhere('gossip of nodes', ({ nodes }) => nodes === known.length);
  await Promise.all(hosts.map((host) => host.saveGraph()));
}

/** After a restart: channels find their peers again. One that does not in time must not keep the others waiting. */
export async function awaitPeers<Name extends string>({ names, node }: Building<Name>): Promise<void> {
  const deadline = performance.now() + PEERS_MS;
  const found = async (name: Name): Promise<boolean> =>
    (await node(name).channels()).every((channel) => channel.active || channel.scid === null);
  while (performance.now() < deadline) {
    if ((await Promise.all(names.map(found))).every(Boolean)) return;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}
