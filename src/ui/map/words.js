/** Facts as people read them. Amounts come as msat and are shown in sat. Pure. */
/** @import { Books, Payment, Invoice } from '../../sdk/shapes.ts' */
/** @import { Channel, Graph, Port } from './graph.js' */
import { totalsOf } from './graph.js';

/** A state is a sign and a word; its colour only repeats them. */
const SIGNS = new Map([
  ['up', '✓'],
  ['settled', '✓'],
  ['received', '✓'],
  ['down', '✕'],
  ['failed', '✕'],
  ['lagging', '◔'],
  ['disputed', '◔'],
  ['drained', '–'],
  ['unknown', '?'],
]);

/** @param {string} state */
export const signOf = (state) => SIGNS.get(state) ?? '…';

/**
 * @param {bigint | string} msat
 * @example sat(25_000_012n) // '25,000.012'
 */
export function sat(msat) {
  const amount = BigInt(msat);
  const rest = amount % 1000n;
  const whole = (amount / 1000n).toLocaleString('en-US');
  return rest === 0n ? whole : `${whole}.${rest.toString().padStart(3, '0')}`;
}

/** Without what is less than one. @param {bigint} msat */
export const wholeSat = (msat) => sat(msat - (msat % 1000n));

/**
 * For where there is no room for more.
 * @param {bigint} msat
 * @example shortSat(16_718_920_000n) // '16.72M'
 */
export function shortSat(msat) {
  const whole = Number(msat / 1000n);
  if (whole >= 1e6) return `${(whole / 1e6).toFixed(2)}M`;
  return whole >= 1e4 ? `${(whole / 1e3).toFixed(1)}k` : whole.toLocaleString('en-US');
}

/** What a port is called in a sentence. @param {Port} port */
export const labelOf = ({ own, name, alias }) => (own ? name : alias);

/** What is up with it, in words. @param {Port} port */
export const stateOf = ({ state, trouble }) =>
  [state ?? '', trouble].filter((word) => word !== '').join(', ');

/**
 * Title first, then the facts.
 * @param {Port} port
 * @param {Graph} graph
 */
export function portFacts(port, graph) {
  const { own, name, alias, spendable, receivable } = port;
  const { count, usable, held } = sharesOf(port, graph);
  const channels = `${usable} of ${count} channels usable`;
  if (!own) return [name === '' ? alias : `${alias} (${name})`, `has ${sat(held)} sat in channels`, channels];
  return [
    `${name}: ${alias}`,
    `own node, ${stateOf(port)}`,
    `can send ${sat(spendable ?? 0n)} sat`,
    `can receive ${sat(receivable ?? 0n)} sat`,
    channels,
  ];
}

/** Its channels, as far as the picture knows them. @param {Port} port @param {Graph} graph */
function sharesOf({ key }, { channels }) {
  const mine = channels.filter(({ ends }) => ends.includes(key));
  const held = mine.reduce((sum, { ends, held }) => sum + held[ends[0] === key ? 0 : 1], 0n);
  return { count: mine.length, usable: mine.filter(({ usable }) => usable).length, held };
}

/**
 * @param {Channel} channel
 * @param {Graph} graph
 */
export function channelFacts({ ends, held, capacity, usable, announced }, { ports }) {
  const names = ends.map((key) => nameOf(key, ports));
  const notes = [usable ? '' : 'not usable now', announced ? '' : 'not announced'].filter(
    (note) => note !== '',
  );
  return [
    `Channel ${names.join(' – ')}`,
    `${sat(capacity)} sat${notes.map((note) => `, ${note}`).join('')}`,
    ...names.map((name, end) => `${name} has ${sat(held[end] ?? 0n)} sat`),
  ];
}

/**
 * @param {string} key
 * @param {Graph['ports'] | undefined} ports
 */
export function nameOf(key, ports) {
  const port = ports?.get(key);
  return port === undefined ? `${key.slice(0, 8)}…` : labelOf(port);
}

/**
 * The state of everything in one line; nothing but what is known.
 * @param {Graph} graph
 * @param {Books | null} books null: not checked
 */
export function verdictOf(graph, books) {
  const own = [...graph.ports.values()].filter((port) => port.own);
  const ill = own.filter((port) => port.state !== 'up' || port.trouble !== '');
  const differ = books !== null && books.difference_msat !== '0';
  const states = [...Map.groupBy(ill, stateOf)].map(
    ([state, ports]) =>
      `${listed(ports.map(({ name }) => name))} ${ports.length === 1 ? 'is' : 'are'} ${state}`,
  );
  const problems = [
    graph.stopped ? 'ALL SENDING IS STOPPED' : '',
    differ ? `the books differ by ${sat(books.difference_msat)} sat` : '',
    ...states,
  ].filter((problem) => problem !== '');
  if (problems.length === 0) {
    const proven = books === null ? '' : ', the books balance';
    return { well: true, text: `All ${own.length} nodes are up${proven}` };
  }
  const left = own.length - ill.length;
  const rest =
    left === own.length ? '' : left === 0 ? '; no node is well' : `; ${left} of ${own.length} carry on`;
  return { well: false, text: `${problems.join('; ')}${rest}` };
}

const listed = (/** @type {readonly string[]} */ names) => names.join(', ').replace(/, ([^,]*)$/, ' and $1');

/** @param {string | number} at */
export const clockText = (at) => new Date(at).toLocaleTimeString('en-GB');

/**
 * A payment in the list.
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} state
 * @property {string} amount
 * @property {string} note the fee, or what went wrong
 * @property {string} took
 * @property {string} way who to whom
 * @property {string} at ISO 8601
 */

/**
 * @param {Payment} payment
 * @param {Graph['ports'] | undefined} ports
 * @returns {Entry}
 */
export function paymentEntry(payment, ports) {
  const {
    id,
    state,
    failure,
    amount_msat: amount,
    fee_msat: fee,
    attempts,
    created_at: at,
    ended_at: ended,
  } = payment;
  const attempt = attempts.at(-1);
  const payee = attempt?.parts[0]?.route.at(-1)?.pubkey;
  const to =
    payment.internal_invoice !== null ? 'an account here' : payee === undefined ? '?' : nameOf(payee, ports);
  const notes = [
    fee === null ? '' : `fee ${sat(fee)}`,
    failure === null ? '' : failure.toLowerCase().replaceAll('_', ' '),
    (attempt?.parts.length ?? 0) > 1 ? `${attempt?.parts.length} parts` : '',
    attempts.length > 1 ? `${attempts.length} attempts` : '',
  ];
  return {
    id,
    state,
    amount: sat(amount),
    note: notes.filter((note) => note !== '').join(', '),
    took: ended === null ? '' : `${(Date.parse(ended) - Date.parse(at)).toLocaleString('en-US')} ms`,
    way: `${attempt?.node ?? '…'} → ${to}`,
    at,
  };
}

/**
 * @param {Invoice} invoice one that was paid
 * @param {string | undefined} payer
 * @returns {Entry}
 */
export const invoiceEntry = ({ id, node, received_msat: amount, settled_at: at, paid }, payer) => ({
  id,
  state: 'received',
  amount: sat(amount ?? '0'),
  note: paid === 'late' ? 'after it had expired' : '',
  took: '',
  way: payer === undefined ? `to ${node}` : `${payer} → ${node}`,
  at: at ?? '',
});

/**
 * Cells of the table of nodes.
 * @param {Port} port
 * @param {Graph} graph
 */
export function portRow(port, graph) {
  const { own, name, alias, spendable, receivable } = port;
  const { count, usable, held } = sharesOf(port, graph);
  return [
    name === '' ? alias : `${name} (${alias})`,
    own ? `own, ${signOf(port.state ?? '')} ${stateOf(port)}` : 'other',
    spendable === null ? '–' : sat(spendable),
    receivable === null ? '–' : sat(receivable),
    sat(held),
    `${usable} of ${count}`,
  ];
}

/**
 * Cells of the table of channels.
 * @param {Channel} channel
 * @param {Graph} graph
 */
export function channelRow({ ends, held, capacity, usable, announced }, { ports }) {
  const [one, other] = ends.map((key) => nameOf(key, ports));
  return [
    `${one} – ${other}`,
    sat(capacity),
    sat(held[0]),
    sat(held[1]),
    `${usable ? '✓ usable' : '✕ not usable'}${announced ? '' : ', not announced'}`,
  ];
}

/** What the fleet can do. @param {Graph} graph */
export function totalsText(graph) {
  const { spendable, receivable } = totalsOf(graph);
  return { spendable: wholeSat(spendable), receivable: wholeSat(receivable) };
}
