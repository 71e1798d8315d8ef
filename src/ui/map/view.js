/** The whole page: what is known, shown. */
/** @import { Books, Invoice, Payment, PracticeMap } from '../../sdk/shapes.ts' */
/** @import { Graph } from './graph.js' */
/** @import { Layout } from './layout.js' */
import { fill, find, say, set } from './elements.js';
import { drawMark, openFlights } from './flights.js';
import { layOut } from './layout.js';
import { legsOf } from './legs.js';
import { openPicture } from './picture.js';
import { openRecent } from './recent.js';
import { channelRow, clockText, labelOf, portRow, sat, totalsText, verdictOf } from './words.js';

/** How long the payer of an invoice is looked for, in ms; only a practice world tells. */
const LOOKING_MS = 3_000;
const ALARMS = 3;

export function openView() {
  const svg = find('picture', SVGSVGElement);
  const picture = openPicture(svg, find('tip', HTMLElement));
  const flights = openFlights(picture.dots, picture.marks);
  const recent = openRecent(find('recent', HTMLElement));
  /** @type {{ key: string, graph: Graph, layout: Layout } | null} `key`: what the layout follows from */
  let shown = null;
  /** @type {Books | null} */
  let books = null;
  /** Paid invoices whose payer is looked for, by their payment hash. @type {Map<string, { invoice: Invoice, since: number }>} */
  const unmatched = new Map();

  /** @param {Graph} graph */
  const arrange = (graph) => {
    const width = Math.floor(svg.getBoundingClientRect().width);
    if (width === 0) return;
    const key = [width, ...graph.ports.keys(), ...graph.channels.map(({ id }) => id)].join(' ');
    if (key !== shown?.key) flights.clear();
    const layout =
      key === shown?.key ? shown.layout : layOut(graph, width, Math.max(420, innerHeight * 0.58));
    shown = { key, graph, layout };
    picture.show(graph, layout);
  };
  const showVerdict = () => shown !== null && tellVerdict(shown.graph, books);
  new ResizeObserver(() => shown !== null && arrange(shown.graph)).observe(svg);

  /** @param {PracticeMap['paid']} paid */
  const match = (paid) => {
    for (const { payer, payment_hash: hash, routes } of paid) {
      const found = unmatched.get(hash);
      if (found === undefined || shown === null) continue;
      unmatched.delete(hash);
      const { graph, layout } = shown;
      const from = [...graph.ports.values()].find(({ own, name }) => !own && name === payer);
      recent.received(found.invoice, from === undefined ? payer : labelOf(from));
      // They come in one answer, and are shown as they came about.
      const delayMs = Math.max(0, 1_000 - (performance.now() - found.since));
      for (const [index, hops] of routes.entries()) {
        const legs = () => (from === undefined ? [] : legsOf(from.key, hops, graph, layout));
        flights.tell(`${hash} ${index}`, {
          kind: 'in',
          size: sizeOf(found.invoice.received_msat),
          end: 'received',
          delayMs,
          legs,
        });
      }
    }
    for (const [hash, { invoice, since }] of unmatched) {
      if (performance.now() - since < LOOKING_MS) continue;
      unmatched.delete(hash);
      const port = [...(shown?.graph.ports.values() ?? [])].find(
        ({ own, name }) => own && name === invoice.node,
      );
      const box = port && shown?.layout.boxes.get(port.key);
      if (box) drawMark(picture.marks, { x: box.x - box.width / 2, y: box.y }, 'received');
    }
  };

  return {
    /** @param {Graph} graph @param {PracticeMap['paid']} paid */
    show(graph, paid) {
      arrange(graph);
      tellTotals(graph);
      fillTables(graph);
      recent.rename(graph.ports);
      showVerdict();
      match(paid);
    },
    /** @param {Payment} payment @param {boolean} [past] it is over since long */
    payment(payment, past = false) {
      recent.paid(payment);
      if (past || shown === null) return;
      const { graph, layout } = shown;
      for (const { node, parts } of payment.attempts) {
        const from = [...graph.ports.values()].find(({ own, name }) => own && name === node);
        for (const { id, state, route, amount_msat: amount } of parts) {
          const end = state === 'planned' || state === 'in_flight' ? null : state;
          const legs = () => (from === undefined ? [] : legsOf(from.key, route, graph, layout));
          flights.tell(id, { kind: 'out', size: sizeOf(amount), end, legs });
        }
      }
    },
    /** @param {Invoice} invoice one that was paid @param {boolean} [past] */
    received(invoice, past = false) {
      recent.received(invoice);
      if (!past) unmatched.set(invoice.payment_hash, { invoice, since: performance.now() });
    },
    /** Whether an answer is still to be looked for. */
    expects: () => unmatched.size > 0,
    /** @param {Books} found */
    books(found) {
      books = found;
      const well = found.difference_msat === '0';
      tellBooks(
        well ? 'well' : 'ill',
        well ? '✓ balance' : `✕ differ by ${sat(found.difference_msat)} sat`,
        '',
      );
      showVerdict();
    },
    /** @param {string} why */
    noBooks: (why) => tellBooks('unknown', '? not proven', why.split(';')[0] ?? ''),
    /** @param {string} message */
    alarm(message) {
      const alarms = find('alarms', HTMLElement);
      const item = document.createElement('p');
      say(item, `! ${clockText(Date.now())} ${message}`);
      alarms.prepend(item);
      while (alarms.children.length > ALARMS) alarms.lastElementChild?.remove();
    },
    clear: () => recent.clear(),
  };
}

/** A payment of ten times the amount is one pixel larger. @param {string | null} msat */
const sizeOf = (msat) => Math.max(5, Math.min(9, (msat ?? '').length - 2));

/** @param {Graph} graph */
function tellTotals(graph) {
  const { spendable, receivable } = totalsText(graph);
  say(find('send', HTMLElement), spendable);
  say(find('receive', HTMLElement), receivable);
  say(find('height', HTMLElement), graph.height?.toLocaleString('en-US') ?? '–');
}

/** @param {string} state @param {string} text @param {string} why */
function tellBooks(state, text, why) {
  const books = find('books', HTMLElement);
  set(books, { 'data-state': state });
  say(books, text);
  say(find('checked', HTMLElement), `at ${clockText(Date.now())} ${why}`);
}

/** @param {Graph} graph @param {Books | null} books */
function tellVerdict(graph, books) {
  const { well, text } = verdictOf(graph, books);
  const verdict = find('verdict', HTMLElement);
  set(verdict, { 'data-state': well ? 'well' : 'ill' });
  say(verdict, `${well ? '✓' : '✕'} ${text}`);
  document.title = `${well ? '✓' : '✕'} ${text} – Argosy`;
}

/** @param {Graph} graph */
function fillTables(graph) {
  const rows = {
    nodes: [...graph.ports.values()].map((port) => portRow(port, graph)),
    channels: graph.channels.map((channel) => channelRow(channel, graph)),
  };
  fill(find('node-rows', HTMLElement), 'tr', 'td', rows.nodes);
  fill(find('channel-rows', HTMLElement), 'tr', 'td', rows.channels);
}
