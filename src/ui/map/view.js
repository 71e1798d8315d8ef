/** The whole page: what is known, shown. */
/** @import { Books, Invoice, Payment, PracticeMap } from '../../sdk/shapes.ts' */
/** @import { Graph } from './graph.js' */
import { find } from './elements.js';
import { portNamed } from './graph.js';
import { openIncoming } from './incoming.js';
import { openRecent } from './recent.js';
import { openStage } from './stage.js';
import { fillTables, tellBooks, tellNoBooks, tellStale, tellTotals, tellVerdict } from './tiles.js';
import { labelOf } from './words.js';

/** For so long a good proof of the books is told of now; a bad one is until the next. */
const FRESH_MS = 300_000;

export function openView() {
  const stage = openStage();
  const recent = openRecent(find('recent', HTMLElement));
  /** @type {{ graph: Graph, at: number } | null} */
  let known = null;
  /** @type {{ found: Books, at: number } | null} */
  let books = null;
  const tellAll = () => {
    if (known === null) return;
    const counts =
      books !== null && (books.found.difference_msat !== '0' || Date.now() - books.at < FRESH_MS);
    tellVerdict(known.graph, counts ? (books?.found ?? null) : null);
  };
  const incoming = openIncoming(
    (found) => {
      const payer = known === null ? undefined : portNamed(known.graph, false, found.payer);
      recent.received(found.invoice, payer === undefined ? found.payer : labelOf(payer));
      stage.incoming(found);
    },
    ({ node }) => stage.landed(node),
  );

  return {
    /** @param {Graph} graph @param {PracticeMap['paid']} paid */
    show(graph, paid) {
      known = { graph, at: Date.now() };
      stage.show(graph);
      tellTotals(graph);
      tellAll();
      fillTables(graph);
      recent.rename(graph.ports);
      incoming.match(paid);
    },
    /** Nobody answers: what is shown grows old. */
    stale: () => known !== null && tellStale(known.at),
    /** @param {Payment} payment */
    payment(payment) {
      recent.paid(payment);
      stage.outgoing(payment);
    },
    /** @param {Invoice} invoice one that was paid */
    received(invoice) {
      recent.received(invoice);
      incoming.add(invoice);
    },
    /** What was over before. @param {readonly Payment[]} payments @param {readonly Invoice[]} invoices */
    past(payments, invoices) {
      recent.clear();
      for (const payment of payments) recent.paid(payment);
      for (const invoice of invoices) if (invoice.state === 'settled') recent.received(invoice);
    },
    isLooking: incoming.isLooking,
    /** @param {Books} found */
    books(found) {
      books = { found, at: Date.now() };
      tellBooks(found);
      tellAll();
    },
    /** @param {string} why */
    noBooks(why) {
      books = null;
      tellNoBooks(why);
    },
  };
}
