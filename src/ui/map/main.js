/** The map: begins with the key, then events drive it, and a slow look keeps it true. */
/** @import { Books, Invoice, Node, Page, Payment, PracticeMap } from '../../sdk/shapes.ts' */
import { ask, Refused } from './api.js';
import { find, say, set } from './elements.js';
import { readGraph } from './graph.js';
import { dropKey, keepKey, takeKey } from './key.js';
import { followEvents, paced } from './live.js';
import { openView } from './view.js';

/** After events: not more often than this. */
const GAP_MS = 1_000;
/** Without events, as often as Argosy itself looks at its nodes; not while nobody sees it. */
const LOOK_MS = 5_000;

const key = takeKey();
addEventListener('hashchange', () => takeKey() !== null && location.reload());
find('key-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  keepKey(find('key', HTMLInputElement).value);
  location.reload();
});
if (key === null) askForKey('');
else run(key).catch(stop);

/** @param {string} why */
function askForKey(why) {
  find('gate', HTMLElement).hidden = false;
  find('map', HTMLElement).hidden = true;
  say(find('why', HTMLElement), why);
  say(find('verdict', HTMLElement), 'A key is needed');
  find('key', HTMLInputElement).focus();
}

/** @param {unknown} error */
function stop(error) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) dropKey();
  askForKey(error.status === 401 ? `Argosy does not know this key. ${error.message}` : error.message);
}

/** @param {string} key */
async function run(key) {
  find('map', HTMLElement).hidden = false;
  const view = openView();
  const look = paced(async () => {
    await show(key, view).catch((error) => error instanceof Refused && error.status === 401 && stop(error));
    if (view.expects()) look();
  }, GAP_MS);
  const check = () => checkBooks(key, view);
  find('check', HTMLButtonElement).addEventListener('click', check);
  setInterval(() => document.hidden || look(), LOOK_MS);
  document.addEventListener('visibilitychange', () => document.hidden || look());
  const refused = await followEvents(key, {
    onLive() {
      tellLink('live');
      look();
    },
    onLost: () => tellLink('lost'),
    onAnew() {
      view.clear();
      void showPast(key, view).catch(() => {});
      void check();
    },
    onEvent({ type, data }) {
      if (type.startsWith('payment.')) view.payment(/** @type {Payment} */ (data));
      if (type === 'invoice.settled' && 'node' in data) view.received(/** @type {Invoice} */ (data));
      if (type === 'alarm') view.alarm(String(data.message));
      look();
    },
  });
  stop(refused);
}

/** @typedef {ReturnType<typeof openView>} View */

/** @param {string} key @param {View} view */
async function show(key, view) {
  /** @type {[{ data: Node[] }, PracticeMap | null]} */
  const [nodes, practice] = await Promise.all([
    ask(key, '/v1/nodes'),
    ask(key, '/v1/practice/map').catch((error) => (error instanceof Refused ? null : Promise.reject(error))),
  ]);
  view.show(readGraph(nodes.data, practice), practice?.paid ?? []);
}

/** What ended before the page was opened. @param {string} key @param {View} view */
async function showPast(key, view) {
  /** @type {[Page<Payment>, Page<Invoice>]} */
  const [payments, invoices] = await Promise.all([
    ask(key, '/v1/payments?limit=10'),
    ask(key, '/v1/invoices?limit=20'),
  ]);
  for (const payment of payments.data) view.payment(payment, true);
  for (const invoice of invoices.data) if (invoice.state === 'settled') view.received(invoice, true);
}

/** @param {string} key @param {View} view */
async function checkBooks(key, view) {
  const button = find('check', HTMLButtonElement);
  button.disabled = true;
  try {
    view.books(/** @type {Books} */ (await ask(key, '/v1/books/check')));
  } catch (error) {
    view.noBooks(error instanceof Refused ? error.message : 'no answer');
  }
  button.disabled = false;
}

/** @param {'live' | 'lost'} state */
function tellLink(state) {
  const link = find('link', HTMLElement);
  set(link, { 'data-state': state });
  say(link, state === 'live' ? '● live' : '◌ no connection, trying again');
}
