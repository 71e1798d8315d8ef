/** A node as it is drawn: an own one as a card with what it can do, others as a label. */
/** @import { Graph, Port } from './graph.js' */
/** @import { Box } from './layout.js' */
import { draw, say, set } from './elements.js';
import { portFacts, shortSat, signOf, wholeSat } from './words.js';

/** Where the lines of a card stand, in pixels from its top. */
const WIDE = { margin: 16, name: 29, note: 48, send: 73, receive: 93, bar: 103, font: 12 };
const NARROW = { margin: 9, name: 20, note: 35, send: 54, receive: 71, bar: 82, font: 10.5 };

/**
 * @param {Element} parent
 * @param {boolean} own
 */
export function drawPort(parent, own) {
  const group = draw(parent, 'g', { class: own ? 'port own' : 'port other', role: 'img', tabindex: -1 });
  const box = draw(group, 'rect', { class: 'box', rx: own ? 14 : 12 });
  const lines = own ? drawCard(group) : drawLabel(group);
  return {
    group,
    /** @param {Port} port @param {Box} place @param {boolean} narrow @param {Graph} graph */
    update(port, { x, y, width, height }, narrow, graph) {
      set(group, {
        transform: `translate(${x - width / 2} ${y - height / 2})`,
        'data-port': port.name || port.alias,
        'data-health': healthOf(port),
        'aria-label': portFacts(port, graph).join(', '),
      });
      set(box, { width, height });
      lines(port, width, narrow);
    },
  };
}

/** @param {Port} port */
function healthOf({ state, trouble }) {
  if (state === 'down') return 'down';
  return (state !== null && state !== 'up') || trouble !== '' ? 'ill' : 'well';
}

/** @param {Element} group */
function drawCard(group) {
  const name = draw(group, 'text', { class: 'name' });
  const state = draw(group, 'text', { class: 'state' });
  const note = draw(group, 'text');
  const rows = ['send', 'receive'].map((kind) => ({
    kind,
    label: draw(group, 'text', { class: 'label' }),
    value: draw(group, 'text', { class: `value ${kind}` }),
    bar: draw(group, 'rect', { class: `bar ${kind}`, height: 5, rx: 2.5 }),
  }));
  /** @param {Port} port @param {number} width @param {boolean} narrow */
  return (port, width, narrow) => {
    const at = narrow ? NARROW : WIDE;
    const [left, right] = [at.margin, width - at.margin];
    place(name, left, at.name, port.name);
    place(state, right, at.name, `${signOf(port.state ?? '')} ${port.state}`);
    const words = port.trouble === '' ? port.alias : `! ${port.trouble}`;
    set(note, { class: port.trouble === '' ? 'alias' : 'trouble' });
    place(note, left, at.note, shorten(words, right - left, at.font));
    const amounts = [port.spendable ?? 0n, port.receivable ?? 0n];
    const room = amounts.some((amount) => amount > 0n) ? right - left - 4 : 0;
    const share = shareOf(amounts) * room;
    for (const [index, { kind, label, value, bar }] of rows.entries()) {
      const height = index === 0 ? at.send : at.receive;
      const amount = amounts[index] ?? 0n;
      place(label, left, height, `${narrow ? '' : 'can '}${kind}`);
      place(value, right, height, narrow ? shortSat(amount) : wholeSat(amount));
      set(bar, { x: index === 0 ? left : left + share + 4, y: at.bar });
      set(bar, { width: index === 0 ? share : room - share });
    }
  };
}

/** @param {Element} group */
function drawLabel(group) {
  const alias = draw(group, 'text', { class: 'alias' });
  const name = draw(group, 'text', { class: 'name' });
  /** @param {Port} port @param {number} width @param {boolean} narrow */
  return (port, width, narrow) => {
    const [first, second] = narrow ? inTwo(port.alias) : [port.alias, port.name];
    const [font, middle] = narrow ? [11, 21] : [13, 23];
    place(alias, width / 2, second === '' ? middle + 4 : middle - 2, shorten(first ?? '', width - 12, font));
    place(name, width / 2, middle + 13, shorten(second ?? '', width - 12, font));
  };
}

/** @param {Element} text @param {number} x @param {number} y @param {string} words */
function place(text, x, y, words) {
  set(text, { x, y });
  say(text, words);
}

/** @param {readonly bigint[]} amounts */
function shareOf([one = 0n, other = 0n]) {
  return one + other === 0n ? 0.5 : Number((one * 1000n) / (one + other)) / 1000;
}

/** Of a usual letter, in the size of the font. */
const LETTER = 0.56;

/** @param {string} text @param {number} width @param {number} font */
function shorten(text, width, font) {
  const most = Math.max(2, Math.floor(width / (font * LETTER)));
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Two lines, broken at the last blank. @param {string} text */
function inTwo(text) {
  const blank = text.lastIndexOf(' ');
  return blank < 0 ? [text, ''] : [text.slice(0, blank), text.slice(blank + 1)];
}
