/** Where everything stands, in pixels: lines from left to right, on a narrow page from top to bottom. Pure. */
/** @import { Graph, Port } from './graph.js' */
/** @import { Curve, Point } from './curve.js' */
/** @import { Item, Lines } from './lines.js' */
import { pointOn, straight } from './curve.js';
import { lineUp } from './lines.js';

/** @typedef {{ readonly x: number, readonly y: number, readonly width: number, readonly height: number }} Box its middle, and its size */

/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {boolean} narrow
 * @property {ReadonlyMap<string, Box>} boxes by the key of the port
 * @property {ReadonlyMap<string, readonly Curve[]>} curves by the id of the channel, from its first end to its second
 */

/**
 * `along` leads from the own nodes outwards, `across` is the other way; `depth` and `breadth` are the sizes in them.
 * @typedef {{ key: string, line: number, index: number, along: number, across: number, depth: number, breadth: number }} Place
 */

const NARROW = 820;
/** Room for the channels inside of a line. */
const ARC = 62;
const WIDE = {
  own: { depth: 212, breadth: 116, gap: 40 },
  other: { depth: 166, breadth: 46, gap: 26 },
  passing: 24,
};
const SLIM = {
  own: { depth: 96, breadth: 104, gap: 6 },
  other: { depth: 42, breadth: 74, gap: 6 },
  passing: 10,
};
/** Between two lines of a narrow page. */
const STEP = 84;
/** Between two channels at one side of a node. */
const END_STEP = 18;

/**
 * @param {Graph} graph
 * @param {number} width
 * @param {number} height of a wide picture, at least
 * @returns {Layout}
 */
export function layOut(graph, width, height) {
  const narrow = width < NARROW;
  const sizes = narrow ? SLIM : WIDE;
  const sizeOf = (/** @type {Port | undefined | null} */ port) => (port?.own ? sizes.own : sizes.other);
  const { lines, chains } = lineUp(graph, (layer) => {
    const { breadth, gap } = sizeOf(layer[0]);
    return narrow ? Math.floor(width / (breadth + gap)) : layer.length;
  });
  const depths = lines.map((line) => sizeOf(line.find(({ port }) => port !== null)?.port).depth);
  const lengths = lines.map((line) => lengthOf(line, sizes));
  const across = narrow ? width : Math.max(height, ...lengths);
  const alongs = narrow ? stepDown(depths) : stepRight(depths, width);
  const places = new Map(
    lines.flatMap((line, index) =>
      placeLine(line, across, sizes).map((place) => {
        const [along, depth] = [alongs[index] ?? 0, depths[index] ?? 0];
        return [place.key, /** @type {Place} */ ({ ...place, line: index, along, depth })];
      }),
    ),
  );
  const point = (/** @type {number} */ a, /** @type {number} */ b) =>
    narrow ? { x: b, y: a } : { x: a, y: b };
  const boxes = new Map(
    [...places.values()].flatMap(({ key, along, across: middle, depth, breadth }) => {
      const size = narrow ? { width: breadth, height: depth } : { width: depth, height: breadth };
      return breadth === 0 ? [] : [[key, { ...point(along, middle), ...size }]];
    }),
  );
  const curves = drawCurves(chains, places, point);
  const lowest = [
    ...[...boxes.values()].map((box) => box.y + box.height / 2),
    ...[...curves.values()].flatMap((way) => way.map((curve) => pointOn(curve, 0.5).y)),
  ];
  return { width, height: Math.ceil(narrow ? Math.max(0, ...lowest) + 20 : across), narrow, boxes, curves };
}

/** @typedef {typeof WIDE} Sizes */

/** @param {Item[]} line @param {Sizes} sizes */
const lengthOf = (line, sizes) =>
  line.reduce((sum, { port }) => {
    const { breadth, gap } = port?.own ? sizes.own : sizes.other;
    return sum + (port === null ? sizes.passing : breadth + gap);
  }, 0);

/** @param {readonly number[]} depths */
const stepDown = (depths) =>
  depths.map((depth, index) => {
    const above = depths.slice(0, index).reduce((sum, each) => sum + each + STEP, 0);
    return ARC + above + depth / 2;
  });

/** @param {readonly number[]} depths @param {number} width */
function stepRight(depths, width) {
  const [begin, end] = [ARC + (depths[0] ?? 0) / 2, width - ARC - (depths.at(-1) ?? 0) / 2];
  return depths.map((_, index) => begin + ((end - begin) * index) / Math.max(1, depths.length - 1));
}

/**
 * Room that is left is shared by all; where there is too little, nodes get narrower.
 * @param {Item[]} line
 * @param {number} room
 * @param {Sizes} sizes
 */
function placeLine(line, room, sizes) {
  const spare = (room - lengthOf(line, sizes)) / Math.max(1, line.filter(({ port }) => port !== null).length);
  let begin = 0;
  return line.map(({ key, port }, index) => {
    const { breadth, gap } = port?.own ? sizes.own : sizes.other;
    const extent = port === null ? sizes.passing : breadth + gap + spare;
    const across = begin + extent / 2;
    begin += extent;
    const most = sizes === SLIM ? breadth * 1.6 : breadth;
    return { key, index, across, breadth: port === null ? 0 : Math.min(most, extent - gap) };
  });
}

/**
 * One end of a piece of a channel: it leaves its place on one side, the ends there in the order of where they go.
 * @typedef {{ readonly from: Place, readonly to: Place, readonly side: -1 | 1 }} End
 */

/**
 * @param {Lines['chains']} chains
 * @param {ReadonlyMap<string, Place>} places
 * @param {(along: number, across: number) => Point} point
 * @returns {Map<string, readonly Curve[]>}
 */
function drawCurves(chains, places, point) {
  const pieces = [...chains].flatMap(([id, chain]) =>
    chain.slice(1).flatMap((key, index) => {
      const [a, b] = [places.get(chain[index] ?? ''), places.get(key)];
      return a === undefined || b === undefined
        ? []
        : [{ id, ends: /** @type {const} */ ([endOf(a, b), endOf(b, a)]) }];
    }),
  );
  const offsets = spread(pieces.flatMap(({ ends }) => ends));
  /** @type {Map<string, Curve[]>} */
  const curves = new Map();
  for (const { id, ends } of pieces) {
    const [a, b] = ends;
    const [begin, end] = [a, b].map((each) => ({
      along: each.from.along + (each.side * each.from.depth) / 2,
      across: each.from.across + (offsets.get(each) ?? 0),
    }));
    if (begin === undefined || end === undefined) continue;
    const pull =
      a.from.line === b.from.line
        ? ARC * Math.min(1.2, 0.5 + 0.0022 * Math.abs(a.from.across - b.from.across))
        : Math.abs(end.along - begin.along) * 0.5;
    /** @type {Curve} */
    const curve = [
      point(begin.along, begin.across),
      point(begin.along + a.side * pull, begin.across),
      point(end.along + b.side * pull, end.across),
      point(end.along, end.across),
    ];
    const before = curves.get(id) ?? [];
    const last = before.at(-1);
    // Straight past the nodes of a line that it only passes.
    curves.set(id, last === undefined ? [curve] : [...before, straight(last[3], curve[0]), curve]);
  }
  return curves;
}

/**
 * @param {Place} from
 * @param {Place} to
 * @returns {End}
 */
const endOf = (from, to) => ({
  from,
  to,
  side: from.line === to.line ? (from.line === 0 ? -1 : 1) : from.line < to.line ? 1 : -1,
});

/**
 * By how much each end is shifted across.
 * @param {readonly End[]} ends
 * @returns {ReadonlyMap<End, number>}
 */
function spread(ends) {
  /** @type {Map<End, number>} */
  const offsets = new Map();
  for (const side of Map.groupBy(ends, ({ from, side }) => `${from.key} ${side}`).values()) {
    const sorted = side.sort((a, b) => goalOf(a) - goalOf(b));
    const room = Math.max(0, (sorted[0]?.from.breadth ?? 0) - 20);
    const step = Math.min(END_STEP, room / Math.max(1, sorted.length - 1));
    for (const [rank, end] of sorted.entries()) offsets.set(end, (rank - (sorted.length - 1) / 2) * step);
  }
  return offsets;
}

const FAR = 1e6;

/** Where an end goes, across. Those inside of a line are first and last, the wider ones around the others. @param {End} end */
function goalOf({ from, to }) {
  if (from.line !== to.line) return to.across;
  return to.across < from.across ? -FAR - to.across : FAR - to.across;
}
