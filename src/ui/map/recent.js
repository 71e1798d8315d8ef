/** The last payments, both ways, newest first. */
/** @import { Invoice, Payment } from '../../sdk/shapes.ts' */
/** @import { Graph } from './graph.js' */
/** @import { Entry } from './words.js' */
import { say, set } from './elements.js';
import { clockText, invoiceEntry, paymentEntry, signOf } from './words.js';

const SHOWN = 10;

/** @param {HTMLElement} list */
export function openRecent(list) {
  /** @type {Map<string, Payment>} */
  const payments = new Map();
  /** Paid invoices, and who paid them as far as that is known. @type {Map<string, { invoice: Invoice, payer?: string }>} */
  const received = new Map();
  /** @type {Graph['ports'] | undefined} */
  let names;
  let due = false;

  const show = () => {
    due = false;
    const entries = [
      ...[...payments.values()].map((payment) => paymentEntry(payment, names)),
      ...[...received.values()].map(({ invoice, payer }) => invoiceEntry(invoice, payer)),
    ].sort((a, b) => (a.at < b.at ? 1 : -1));
    for (const { id } of entries.slice(SHOWN)) {
      payments.delete(id);
      received.delete(id);
    }
    showEntries(list, entries.slice(0, SHOWN));
  };
  const soon = () => {
    if (!due) setTimeout(show, 100);
    due = true;
  };
  return {
    /** @param {Payment} payment */
    paid(payment) {
      payments.set(payment.id, payment);
      soon();
    },
    /** @param {Invoice} invoice @param {string} [payer] */
    received(invoice, payer) {
      received.set(invoice.id, payer === undefined ? { invoice } : { invoice, payer });
      soon();
    },
    /** @param {Graph['ports']} ports */
    rename(ports) {
      names = ports;
      soon();
    },
    clear() {
      payments.clear();
      received.clear();
      soon();
    },
  };
}

const PARTS = ['sign', 'amount', 'note', 'state', 'way', 'at'];

/** @param {HTMLElement} list @param {readonly Entry[]} entries */
function showEntries(list, entries) {
  while (list.children.length > entries.length) list.lastElementChild?.remove();
  for (const [index, { state, amount, note, took, way, at }] of entries.entries()) {
    const item = list.children[index] ?? list.appendChild(newItem());
    set(item, { 'data-state': state });
    const outcome = `${state.replace('_', ' ')} ${took}`.trimEnd();
    const texts = [signOf(state), `${amount} sat`, note, outcome, way, clockText(at)];
    for (const [part, text] of texts.entries()) say(item.children[part] ?? item, text);
  }
}

function newItem() {
  const item = document.createElement('li');
  for (const part of PARTS) item.appendChild(document.createElement('span')).className = part;
  item.firstElementChild?.setAttribute('aria-hidden', 'true');
  return item;
}
