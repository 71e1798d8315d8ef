/** The way of a payment over the picture. Pure. */
/** @import { Graph } from './graph.js' */
/** @import { Layout } from './layout.js' */
/** @import { Curve } from './curve.js' */
import { lengthOf, pointOn, straight, turned } from './curve.js';

/** @typedef {{ readonly pubkey: string, readonly scid: string }} Hop the node that it reaches, and over which channel */

/**
 * As far as the picture knows it: curve after curve, straight through the boxes between them.
 * @param {string} from the key of the port where it begins
 * @param {readonly Hop[]} hops
 * @param {Graph} graph
 * @param {Layout} layout
 * @returns {readonly Curve[]}
 */
export function legsOf(from, hops, graph, layout) {
  /** @type {Curve[]} */
  const legs = [];
  let here = from;
  for (const { pubkey: next, scid } of hops) {
    const between = graph.channels.filter(({ ends }) => ends.includes(here) && ends.includes(next));
    const channel = between.find((each) => each.scid === scid) ?? between[0];
    const curves = channel === undefined ? undefined : layout.curves.get(channel.id);
    if (channel === undefined || curves === undefined) return legs;
    const leg = channel.ends[0] === here ? curves : turned(curves);
    const [last, first] = [legs.at(-1), leg[0]];
    if (last !== undefined && first !== undefined) legs.push(straight(last[3], first[0]));
    legs.push(...leg);
    here = next;
  }
  return legs;
}

/** Pixels: what waits at the payee is seen to wait. */
const BEFORE = 9;

/**
 * @param {readonly Curve[]} legs
 * @returns {(share: number) => { x: number, y: number }} where it is after so much of the way, 0 to 1
 */
export function measure(legs) {
  const lengths = legs.map(lengthOf);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  return (share) => {
    let left = Math.max(0, whole - BEFORE) * Math.max(0, Math.min(1, share));
    for (const [index, leg] of legs.entries()) {
      const length = lengths[index] ?? 0;
      if (left <= length || index === legs.length - 1)
        return pointOn(leg, length === 0 ? 1 : Math.min(1, left / length));
      left -= length;
    }
    return { x: 0, y: 0 };
  };
}
