/** A channel as it is drawn: its width is the capacity, the cut says whose side holds how much. */
/** @import { Channel, Graph } from './graph.js' */
/** @import { Curve } from './curve.js' */
import { lengthOf, pathOf } from './curve.js';
import { draw, set } from './elements.js';
import { channelFacts } from './words.js';

const WIDTH_LEAST = 2.5;
const WIDTH_MOST = 11;
/** What lies between others matters less here. */
const FOREIGN = 0.5;
/** Pixels between the two sides, so that the cut is seen without colours. */
const CUT = 7;

/** @param {Element} parent */
export function drawChannel(parent) {
  const group = draw(parent, 'g', { class: 'channel', role: 'img', tabindex: -1 });
  const halo = draw(group, 'path', { class: 'halo' });
  const sides = [draw(group, 'path'), draw(group, 'path')];
  return {
    group,
    /** @param {Channel} channel @param {readonly Curve[]} curves @param {Graph} graph */
    update(channel, curves, graph) {
      const { ends, held, capacity, usable } = channel;
      const path = pathOf(curves);
      const isOwn = ends.map((key) => graph.ports.get(key)?.own === true);
      const ours = isOwn.some(Boolean);
      const width = widthOf(capacity, graph) * (ours ? 1 : FOREIGN);
      set(group, { 'aria-label': channelFacts(channel, graph).join(', '), 'data-channel': channel.id });
      group.classList.toggle('unusable', !usable);
      set(halo, { d: path, 'stroke-width': width + 12 });
      const kindOf = (/** @type {number} */ end) => (isOwn[end] ? 'send' : ours ? 'receive' : 'foreign');
      const dashes = dashesOf(
        held,
        curves.reduce((sum, curve) => sum + lengthOf(curve), 0),
      );
      for (const [end, side] of sides.entries()) {
        set(side, { d: path, class: `side ${kindOf(end)}`, 'stroke-width': width });
        set(side, { 'stroke-dasharray': dashes[end] ?? '' });
      }
    },
  };
}

/** By area, not by length: a channel of four times the capacity looks twice as wide. */
function widthOf(/** @type {bigint} */ capacity, /** @type {Graph} */ { channels }) {
  const most = channels.reduce((largest, each) => (each.capacity > largest ? each.capacity : largest), 1n);
  const share = Number((capacity * 10_000n) / most) / 10_000;
  return WIDTH_LEAST + (WIDTH_MOST - WIDTH_LEAST) * Math.sqrt(share);
}

/** @param {Channel['held']} held @param {number} length */
function dashesOf([one, other], length) {
  const whole = one + other;
  const cut = length * (whole === 0n ? 0.5 : Number((one * 10_000n) / whole) / 10_000);
  const [end, begin] = [Math.max(0, cut - CUT / 2), Math.min(length, cut + CUT / 2)];
  return [`${end.toFixed(1)} ${length + 9}`, `0 ${begin.toFixed(1)} ${length + 9}`];
}
