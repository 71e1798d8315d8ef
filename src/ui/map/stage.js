/** The picture with what moves on it. */
/** @import { Payment } from '../../sdk/shapes.ts' */
/** @import { Graph } from './graph.js' */
/** @import { Layout } from './layout.js' */
/** @import { Hop } from './legs.js' */
import { find } from './elements.js';
import { drawMark, openFlights } from './flights.js';
import { portNamed } from './graph.js';
import { layOut } from './layout.js';
import { legsOf } from './legs.js';
import { openPicture } from './picture.js';

/** Of the window, and in pixels at least: so high is a wide picture. */
const SHARE = 0.58;
const HEIGHT_LEAST = 420;

/** An unknown one has none yet. */
const ENDS = new Set(['settled', 'failed']);

export function openStage() {
  const svg = find('picture', SVGSVGElement);
  const picture = openPicture(svg, find('tip', HTMLElement));
  const flights = openFlights(picture.dots, picture.marks);
  /** `key`: what the layout follows from. @type {{ key: string, graph: Graph, layout: Layout } | null} */
  let shown = null;

  /** @param {Graph} graph */
  const show = (graph) => {
    const width = Math.floor(svg.getBoundingClientRect().width);
    if (width === 0) return;
    const key = [width, ...graph.ports.keys(), ...graph.channels.map(({ id }) => id)].join(' ');
    const known = key === shown?.key ? shown.layout : null;
    if (known === null) flights.clear();
    const layout = known ?? layOut(graph, width, Math.max(HEIGHT_LEAST, innerHeight * SHARE));
    shown = { key, graph, layout };
    picture.show(graph, layout);
  };
  new ResizeObserver(() => shown !== null && show(shown.graph)).observe(svg);

  /** @param {boolean} own @param {string | null} name @param {readonly Hop[]} hops */
  const wayOf = (own, name, hops) => () => {
    const from = shown === null ? undefined : portNamed(shown.graph, own, name);
    return shown === null || from === undefined ? [] : legsOf(from.key, hops, shown.graph, shown.layout);
  };

  return {
    show,
    /** Each part of it, and again with each news. @param {Payment} payment */
    outgoing({ attempts }) {
      for (const { node, parts } of attempts) {
        for (const { id, state, route, amount_msat: amount } of parts) {
          const end = ENDS.has(state) ? state : null;
          flights.tell(id, { kind: 'out', size: sizeOf(amount), end, legs: wayOf(true, node, route) });
        }
      }
    },
    /** @param {import('./incoming.js').Found} found */
    incoming({ invoice, payer, routes, delayMs }) {
      const size = sizeOf(invoice.received_msat);
      for (const [index, hops] of routes.entries()) {
        const legs = wayOf(false, payer, hops);
        flights.tell(`${invoice.id} ${index}`, { kind: 'in', size, end: 'received', delayMs, legs });
      }
    },
    /** Money came in, nobody knows which way. @param {string} node */
    landed(node) {
      const port = shown === null ? undefined : portNamed(shown.graph, true, node);
      const box = port && shown?.layout.boxes.get(port.key);
      if (box) drawMark(picture.marks, { x: box.x - box.width / 2, y: box.y }, 'received');
    },
  };
}

/** A payment of ten times the amount is one pixel larger. @param {string | null} msat */
const sizeOf = (msat) => Math.max(5, Math.min(9, (msat ?? '').length - 2));
