/** Cubic curves: what a channel looks like, and where a payment is on it. Pure. */

/** @typedef {{ readonly x: number, readonly y: number }} Point */
/** @typedef {readonly [Point, Point, Point, Point]} Curve begin, two points that pull, end */

/**
 * @param {Curve} curve
 * @param {number} t 0 to 1
 * @returns {Point}
 */
export function pointOn([a, b, c, d], t) {
  const u = 1 - t;
  const mix = (/** @type {'x' | 'y'} */ axis) =>
    u ** 3 * a[axis] + 3 * u * u * t * b[axis] + 3 * u * t * t * c[axis] + t ** 3 * d[axis];
  return { x: mix('x'), y: mix('y') };
}

const STEPS = 24;

/** In pixels. @param {Curve} curve */
export function lengthOf(curve) {
  let length = 0;
  let last = curve[0];
  for (let step = 1; step <= STEPS; step++) {
    const next = pointOn(curve, step / STEPS);
    length += Math.hypot(next.x - last.x, next.y - last.y);
    last = next;
  }
  return length;
}

/**
 * @param {readonly Curve[]} curves
 * @returns {readonly Curve[]}
 */
export const turned = (curves) => [...curves].reverse().map(([a, b, c, d]) => [d, c, b, a]);

/**
 * @param {Point} from
 * @param {Point} to
 * @returns {Curve}
 */
export const straight = (from, to) => [from, from, to, to];

const at = (/** @type {Point} */ { x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** As SVG writes them; each begins where the one before ends. @param {readonly Curve[]} curves */
export const pathOf = (curves) =>
  curves
    .map(([a, b, c, d], index) => `${index === 0 ? `M${at(a)}` : ''}C${at(b)} ${at(c)} ${at(d)}`)
    .join('');
