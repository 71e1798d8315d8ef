/** What is said in words around the picture: the verdict, the totals, the books, alarms, tables. */
/** @import { Books } from '../../sdk/shapes.ts' */
/** @import { Graph } from './graph.js' */
import { fill, find, say, set } from './elements.js';
import { channelRow, clockText, portRow, sat, totalsText, verdictOf } from './words.js';

const ALARMS = 3;

/** @param {Graph} graph @param {Books | null} books */
export function tellVerdict(graph, books) {
  const { well, text } = verdictOf(graph, books);
  headline(well ? 'well' : 'ill', `${well ? '✓' : '✕'} ${text}`);
}

/** What is shown may be true no more. @param {number} since ms since 1970 */
export const tellStale = (since) =>
  headline('unknown', `? No answer; this is how it was at ${clockText(since)}`);

/** @param {string} state @param {string} text */
function headline(state, text) {
  const verdict = find('verdict', HTMLElement);
  set(verdict, { 'data-state': state });
  say(verdict, text);
  set(find('map', HTMLElement), { 'data-state': state });
  document.title = `${text} – Argosy`;
}

/** @param {boolean} live */
export function tellLink(live) {
  const link = find('link', HTMLElement);
  set(link, { 'data-state': live ? 'live' : 'lost' });
  say(link, live ? '● live' : '◌ no connection, trying again');
}

/** @param {Graph} graph */
export function tellTotals(graph) {
  const { spendable, receivable } = totalsText(graph);
  say(find('send', HTMLElement), spendable);
  say(find('receive', HTMLElement), receivable);
  say(find('height', HTMLElement), graph.height?.toLocaleString('en-US') ?? '–');
}

/** @param {Books} books */
export function tellBooks({ difference_msat: difference }) {
  if (difference === '0') showBooks('well', '✓ balance', '');
  else showBooks('ill', `✕ differ by ${sat(difference)} sat`, '');
}

/** They could not be checked. @param {string} why */
export const tellNoBooks = (why) => showBooks('unknown', '? not proven', why.split(';')[0] ?? '');

/** @param {string} state @param {string} text @param {string} why */
function showBooks(state, text, why) {
  const books = find('books', HTMLElement);
  set(books, { 'data-state': state });
  say(books, text);
  say(find('checked', HTMLElement), `at ${clockText(Date.now())} ${why}`);
}

/** @param {string} message */
export function tellAlarm(message) {
  const alarms = find('alarms', HTMLElement);
  const alarm = document.createElement('p');
  say(alarm, `! ${clockText(Date.now())} ${message}`);
  alarms.prepend(alarm);
  while (alarms.children.length > ALARMS) alarms.lastElementChild?.remove();
}

/** @param {Graph} graph */
export function fillTables(graph) {
  const ports = [...graph.ports.values()].map((port) => portRow(port, graph));
  const channels = graph.channels.map((channel) => channelRow(channel, graph));
  fill(find('node-rows', HTMLElement), 'tr', 'td', ports);
  fill(find('channel-rows', HTMLElement), 'tr', 'td', channels);
}
