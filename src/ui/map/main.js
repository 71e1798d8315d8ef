/** The map: it begins with the key; then events drive it, and a slow look keeps it true. */
/** @import { ArgosyEvent, Books, Invoice, Node, Page, Panic, Payment, PracticeMap } from '../../sdk/shapes.ts' */
import { ask, Refused } from './api.js';
import { find, say } from './elements.js';
import { readGraph } from './graph.js';
import { dropKey, keepKey, takeKey } from './key.js';
import { followEvents, paced } from './live.js';
import { tellAlarm, tellLink } from './tiles.js';
import { openView } from './view.js';

/** After events: not more often than this. */
const GAP_MS = 1_500;
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
else askForKey(await run(key));

/** @param {string} why the key that there was is none */
function askForKey(why) {
  find('gate', HTMLElement).hidden = false;
  find('map', HTMLElement).hidden = true;
  say(find('why', HTMLElement), why);
  say(find('verdict', HTMLElement), 'A key is needed');
  find('key', HTMLInputElement).focus();
}

/** Until the key is refused. @param {string} key @returns why, for people */
async function run(key) {
  find('map', HTMLElement).hidden = false;
  const view = openView();
  const look = paced(async () => {
    await show(key, view);
    if (view.isLooking()) look();
  }, GAP_MS);
  const check = () => checkBooks(key, view);
  find('check', HTMLButtonElement).addEventListener('click', check);
  const timer = setInterval(() => document.hidden || look(), LOOK_MS);
  document.addEventListener('visibilitychange', () => document.hidden || look());
  const refused = await followEvents(key, {
    onLive() {
      tellLink(true);
      look();
    },
    onLost() {
      tellLink(false);
      view.stale();
    },
    onAnew() {
      void showPast(key, view);
      void check();
    },
    onEvent(event) {
      take(event, view);
      look();
    },
  });
  clearInterval(timer);
  if (refused.status === 401) dropKey();
  return refused.status === 401 ? `Argosy does not know this key. ${refused.message}` : refused.message;
}

/** @typedef {ReturnType<typeof openView>} View */

/** @param {Omit<ArgosyEvent, 'id'>} event @param {View} view */
function take({ type, data }, view) {
  if (type.startsWith('payment.')) view.payment(/** @type {Payment} */ (data));
  // One that is paid by another account here crosses no channel, and tells no node.
  if (type === 'invoice.settled' && 'node' in data) view.received(/** @type {Invoice} */ (data));
  if (type === 'alarm') tellAlarm(String(data.message));
}

/** @param {string} key @param {View} view */
async function show(key, view) {
  /** Null also where this is no practice world, or the key may not look at it. @type {Promise<PracticeMap | null>} */
  const world = ask(key, '/v1/practice/map').catch(() => null);
  /** @type {{ data: Node[] } | null} */
  const nodes = await ask(key, '/v1/nodes').catch(() => null);
  /** @type {Panic | null} */
  const panic = await ask(key, '/v1/panic').catch(() => null);
  const practice = await world;
  if (nodes === null) view.stale();
  else view.show(readGraph(nodes.data, practice, panic), practice?.paid ?? []);
}

/** @param {string} key @param {View} view */
async function showPast(key, view) {
  /** @type {Promise<Page<Payment>>} */
  const payments = ask(key, '/v1/payments?limit=10');
  /** @type {Promise<Page<Invoice>>} */
  const invoices = ask(key, '/v1/invoices?limit=20');
  const both = await Promise.all([payments, invoices]).catch(() => null);
  if (both !== null) view.past(both[0].data, both[1].data);
}

/** @param {string} key @param {View} view */
async function checkBooks(key, view) {
  const button = find('check', HTMLButtonElement);
  button.disabled = true;
  /** @type {Books | Error} */
  const answer = await ask(key, '/v1/books/check').catch((error) => error);
  button.disabled = false;
  if (answer instanceof Refused) view.noBooks(answer.message);
  else if (answer instanceof Error) view.noBooks('no answer');
  else view.books(answer);
}
