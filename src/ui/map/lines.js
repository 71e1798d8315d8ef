/** Who stands beside whom: own nodes, then the hubs, then the others; and which way the channels go between. Pure. */
/** @import { Graph, Port } from './graph.js' */

const ROUNDS = 12;

/**
 * What has a place in a line: a node, or (`port` is null) a channel that only passes between the nodes of this line.
 * @typedef {{ readonly key: string, readonly port: Port | null }} Item
 */

/** @typedef {{ readonly lines: Item[][], readonly chains: ReadonlyMap<string, readonly string[]> }} Lines chains: by the id of the channel, the keys of the items that it touches, from its first end to its second */

/**
 * Own nodes stay in the order in which they come, the others are sorted so that few channels cross. All of it follows
 * from who is there, never from balances: nobody moves about while money does.
 * @param {Graph} graph
 * @param {(layer: readonly Port[]) => number} mostOf how many of such have room in one line
 * @returns {Lines}
 */
export function lineUp(graph, mostOf) {
  const lines = layersOf(graph).flatMap((layer) =>
    inRows(layer, mostOf(layer)).map((row) =>
      row.map((port) => /** @type {Item} */ ({ key: port.key, port })),
    ),
  );
  const lineOf = new Map(lines.flatMap((line, index) => line.map(({ key }) => [key, index])));
  /** @type {Map<string, readonly string[]>} */
  const chains = new Map();
  for (const { id, ends } of graph.channels) {
    const [from, to] = ends.map((key) => lineOf.get(key));
    if (from === undefined || to === undefined) continue;
    const between = Array.from({ length: Math.max(0, Math.abs(to - from) - 1) }, (_, step) => {
      const line = from < to ? from + step + 1 : from - step - 1;
      const key = `${id} ${line}`;
      lines[line]?.push({ key, port: null });
      return key;
    });
    chains.set(id, [ends[0], ...between, ends[1]]);
  }
  untangle(lines, chains);
  return { lines, chains };
}

/**
 * Hubs are those with more channels than most.
 * @param {Graph} graph
 */
function layersOf({ ports, channels }) {
  const all = [...ports.values()];
  const degreeOf = (/** @type {Port} */ { key }) => channels.filter(({ ends }) => ends.includes(key)).length;
  const others = all.filter(({ own }) => !own);
  const usual = others.reduce((sum, port) => sum + degreeOf(port), 0) / Math.max(1, others.length);
  const layers = [
    all.filter(({ own }) => own),
    others.filter((port) => degreeOf(port) > usual),
    others.filter((port) => degreeOf(port) <= usual),
  ];
  return layers.filter((layer) => layer.length > 0);
}

/** Rows as equal as may be. @param {readonly Port[]} layer @param {number} most */
function inRows(layer, most) {
  const rows = Math.ceil(layer.length / Math.max(1, most));
  const begin = (/** @type {number} */ row) => Math.ceil((row * layer.length) / rows);
  return Array.from({ length: rows }, (_, row) => layer.slice(begin(row), begin(row + 1)));
}

/**
 * Line after line, everybody goes to the middle of the neighbours in the line before; then neighbours change places as
 * long as that makes the picture clearer. The first line stays as it is.
 * @param {Item[][]} lines
 * @param {Lines['chains']} chains
 */
function untangle(lines, chains) {
  const pairs = [...chains.values()].flatMap((chain) =>
    chain.slice(1).map((key, at) => [chain[at] ?? '', key]),
  );
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1];
    if (before !== undefined) line.sort(byMiddle(placesOf([before]), pairs));
  }
  let least = tangleOf(lines, pairs);
  for (let round = 0, better = true; better && round < ROUNDS; round++) {
    better = false;
    for (const line of lines.slice(1)) {
      for (let at = 1; at < line.length; at++) {
        swap(line, at);
        const tangle = tangleOf(lines, pairs);
        if (tangle < least) better = true;
        else swap(line, at);
        least = Math.min(least, tangle);
      }
    }
  }
}

/** With the one before it. @param {Item[]} line @param {number} at */
const swap = (line, at) => line.splice(at - 1, 2, ...line.slice(at - 1, at + 1).reverse());

/** @param {readonly Item[][]} lines */
const placesOf = (lines) =>
  new Map(lines.flatMap((items, line) => items.map(({ key }, place) => [key, { line, place }])));

/** @param {ReturnType<typeof placesOf>} places @param {readonly string[][]} pairs */
function byMiddle(places, pairs) {
  const middleOf = (/** @type {Item} */ { key }) => {
    const found = pairs.flatMap(
      ([a = '', b = '']) => places.get(a === key ? b : b === key ? a : '')?.place ?? [],
    );
    const middle = found.reduce((total, place) => total + place, 0) / Math.max(1, found.length);
    return Math.round(middle * 1e6); // equals stay equal, in whatever order they were added up
  };
  return (/** @type {Item} */ a, /** @type {Item} */ b) => middleOf(a) - middleOf(b);
}

/**
 * Crossings between the lines, and how much channels inside of a line have to go around.
 * @param {readonly Item[][]} lines
 * @param {readonly string[][]} pairs
 */
function tangleOf(lines, pairs) {
  const places = placesOf(lines);
  const spans = pairs.flatMap((pair) => {
    const [from, to] = pair.flatMap((key) => places.get(key) ?? []).sort((a, b) => a.line - b.line);
    return from === undefined || to === undefined ? [] : [{ from, to, inside: from.line === to.line }];
  });
  let tangle = 0;
  for (const [at, a] of spans.entries()) {
    if (a.inside) tangle += Math.abs(a.from.place - a.to.place) / 2;
    for (const b of spans.slice(at + 1)) {
      if (a.inside || b.inside || a.from.line !== b.from.line) continue;
      if ((a.from.place - b.from.place) * (a.to.place - b.to.place) < 0) tangle++;
    }
  }
  return tangle;
}
