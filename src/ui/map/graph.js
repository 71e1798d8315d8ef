/** What the API tells, as one graph: ports, which are nodes, and the channels between them. Pure. */
/** @import { Node, Panic, PracticeMap } from '../../sdk/shapes.ts' */

/**
 * A node. Amounts are msat; of others only they themselves know what they could do.
 * @typedef {object} Port
 * @property {string} key its public key; its id as long as it has not said who it is
 * @property {boolean} own
 * @property {string} name of an own node its id, of a person the name, else ''
 * @property {string} alias
 * @property {Node['state'] | null} state null: another's
 * @property {string} trouble '' or what is wrong with it
 * @property {bigint | null} spendable
 * @property {bigint | null} receivable
 */

/**
 * @typedef {object} Channel
 * @property {string} id
 * @property {string | null} scid
 * @property {readonly [string, string]} ends keys of ports
 * @property {readonly [bigint, bigint]} held msat, by each end
 * @property {bigint} capacity msat
 * @property {boolean} usable
 * @property {boolean} announced
 */

/**
 * @typedef {object} Graph
 * @property {ReadonlyMap<string, Port>} ports own nodes first
 * @property {readonly Channel[]} channels
 * @property {number | null} height blocks of the chain
 * @property {boolean} stopped all sending, by the panic switch
 */

/**
 * @param {readonly Node[]} nodes
 * @param {PracticeMap | null} practice null: this is no practice world, or the key may not look at it
 * @param {Panic | null} [panic] null: not known
 * @returns {Graph}
 */
export function readGraph(nodes, practice, panic = null) {
  const faults = new Map(practice?.faults.map((fault) => [fault.node, fault]));
  const own = nodes.map((node) => ownPort(node, faults.get(node.id)));
  const ports = new Map(own.map((port) => [port.key, port]));
  for (const { pubkey, alias, name } of practice?.people ?? [])
    ports.set(pubkey, otherPort(pubkey, alias, name));
  for (const { peer, peer_alias: alias } of nodes.flatMap((node) => node.channels)) {
    if (!ports.has(peer)) ports.set(peer, otherPort(peer, alias, ''));
  }
  const told = [
    ...(practice?.channels ?? []),
    ...nodes.flatMap((node) => node.channels.map((channel) => ({ ...channel, owner: keyOf(node) }))),
  ];
  // Of a channel that both of its ends tell of, an own node that is up knows best.
  const rank = (/** @type {string} */ key) =>
    ports.get(key)?.own ? (ports.get(key)?.state === 'up' ? 2 : 0) : 1;
  told.sort((a, b) => rank(a.owner) - rank(b.owner));
  const channels = [...new Map(told.map((channel) => [channel.id, channelOf(channel, ports)])).values()];
  const heights = nodes.flatMap(({ block_height: height }) => (height === null ? [] : [height]));
  return {
    ports,
    channels: channels.sort(byEnds(ports)),
    stopped: panic?.on === true,
    height: practice?.height ?? (heights.length > 0 ? Math.max(...heights) : null),
  };
}

/**
 * The same order for the same nodes, whatever the channels are called.
 * @param {ReadonlyMap<string, Port>} ports
 */
function byEnds(ports) {
  const order = new Map([...ports.keys()].map((key, index) => [key, index]));
  const rank = (/** @type {Channel} */ { ends }) => {
    const [one = 0, other = 0] = ends.map((key) => order.get(key) ?? 0).sort((a, b) => a - b);
    return one * order.size + other;
  };
  return (/** @type {Channel} */ a, /** @type {Channel} */ b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1);
}

const keyOf = (/** @type {Node} */ { pubkey, id }) => pubkey ?? id;

/**
 * @param {Node} node
 * @param {PracticeMap['faults'][number] | undefined} fault
 * @returns {Port}
 */
function ownPort(node, fault) {
  const up = node.state === 'up';
  const lonely = up && node.channels.length > 0 && !node.channels.some(({ active }) => active);
  return {
    key: keyOf(node),
    own: true,
    name: node.id,
    alias: [node.alias, node.region === node.id ? null : node.region]
      .filter((part) => part !== null)
      .join(', '),
    state: node.state,
    trouble: fault === undefined ? (lonely ? 'no channel usable' : '') : faultText(fault),
    spendable: up ? BigInt(node.spendable_msat) : 0n,
    receivable: up ? BigInt(node.receivable_msat) : 0n,
  };
}

/** What somebody has done to it. @param {PracticeMap['faults'][number]} fault */
function faultText({ how, delay_ms: delayMs }) {
  if (how === 'slow') return `slowed, ${delayMs} ms`;
  return how === 'cut-off' ? 'cut off' : 'killed';
}

/**
 * @param {string} key
 * @param {string} alias
 * @param {string} name
 * @returns {Port}
 */
const otherPort = (key, alias, name) => ({
  key,
  own: false,
  name,
  alias: alias === '' ? `${key.slice(0, 8)}…` : alias,
  state: null,
  trouble: '',
  spendable: null,
  receivable: null,
});

/**
 * @param {PracticeMap['channels'][number]} channel
 * @param {ReadonlyMap<string, Port>} ports
 * @returns {Channel}
 */
function channelOf(channel, ports) {
  /** @type {readonly [string, string]} */
  const ends = [channel.owner, channel.peer];
  return {
    id: channel.id,
    scid: channel.scid,
    ends,
    held: [BigInt(channel.local_msat), BigInt(channel.remote_msat)],
    capacity: BigInt(channel.capacity_msat),
    usable: channel.active && ends.every((key) => ports.get(key)?.state !== 'down'),
    announced: !channel.private,
  };
}

/**
 * What all own nodes that are up can do together, in msat.
 * @param {Graph} graph
 */
export function totalsOf({ ports }) {
  const up = [...ports.values()].filter(({ own, state }) => own && state === 'up');
  return {
    spendable: up.reduce((total, port) => total + (port.spendable ?? 0n), 0n),
    receivable: up.reduce((total, port) => total + (port.receivable ?? 0n), 0n),
  };
}

/**
 * @param {Graph} graph
 * @param {boolean} own
 * @param {string | null} name
 */
export const portNamed = ({ ports }, own, name) =>
  [...ports.values()].find((port) => port.own === own && port.name === name);
