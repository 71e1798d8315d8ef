/** The picture: ports and channels, each with its facts for whoever points at it or comes to it by the arrow keys. */
/** @import { Graph } from './graph.js' */
/** @import { Layout } from './layout.js' */
import { drawChannel } from './channel.js';
import { draw, fill, set } from './elements.js';
import { drawPort } from './port.js';
import { channelFacts, portFacts } from './words.js';

/**
 * @param {SVGSVGElement} svg
 * @param {HTMLElement} tip where the facts are shown
 */
export function openPicture(svg, tip) {
  const channelLayer = draw(svg, 'g');
  const dots = draw(svg, 'g', { class: 'dots' });
  const portLayer = draw(svg, 'g');
  const marks = draw(svg, 'g', { class: 'marks' });
  /** @type {Map<string, ReturnType<typeof drawPort>>} */
  const ports = new Map();
  /** @type {Map<string, ReturnType<typeof drawChannel>>} */
  const channels = new Map();
  /** @type {Map<Element, readonly string[]>} */
  const facts = new Map();
  const hint = followPointer(svg, tip, facts);
  walkByKeys(svg, facts);

  return {
    dots,
    marks,
    /** @param {Graph} graph @param {Layout} layout */
    show(graph, layout) {
      const { width, height, narrow, boxes, curves } = layout;
      set(svg, { viewBox: `0 0 ${width} ${height}`, height });
      svg.classList.toggle('narrow', narrow);
      facts.clear();
      drop(ports, boxes);
      for (const port of graph.ports.values()) {
        const box = boxes.get(port.key);
        if (box === undefined) continue;
        const drawn = ports.get(port.key) ?? drawPort(portLayer, port.own);
        ports.set(port.key, drawn);
        drawn.update(port, box, narrow, graph);
        facts.set(drawn.group, portFacts(port, graph));
      }
      drop(channels, curves);
      for (const channel of graph.channels) {
        const way = curves.get(channel.id);
        if (way === undefined) continue;
        const drawn = channels.get(channel.id) ?? drawChannel(channelLayer);
        channels.set(channel.id, drawn);
        drawn.update(channel, way, graph);
        facts.set(drawn.group, channelFacts(channel, graph));
      }
      if (svg.querySelector('[tabindex="0"]') === null) set([...facts.keys()][0] ?? svg, { tabindex: 0 });
      hint();
    },
  };
}

/**
 * @param {Map<string, { group: Element }>} drawn
 * @param {ReadonlyMap<string, unknown>} wanted
 */
function drop(drawn, wanted) {
  for (const [key, { group }] of drawn) {
    if (wanted.has(key)) continue;
    group.remove();
    drawn.delete(key);
  }
}

/**
 * Shows the facts of what is pointed at, or has the focus.
 * @param {SVGSVGElement} svg
 * @param {HTMLElement} tip
 * @param {ReadonlyMap<Element, readonly string[]>} facts
 */
function followPointer(svg, tip, facts) {
  /** @type {Element | null} */
  let shown = null;
  const show = () => {
    const lines = shown === null ? undefined : facts.get(shown);
    tip.hidden = lines === undefined;
    if (shown === null || lines === undefined) return;
    const rows = lines.map((line) => [line]);
    fill(tip, 'p', 'span', rows);
    const [room, at] = [svg.getBoundingClientRect(), shown.getBoundingClientRect()];
    const left = at.left - room.left + (at.width - tip.offsetWidth) / 2;
    const above = at.top - room.top - tip.offsetHeight - 8;
    const middle = at.top - room.top + at.height / 2 + 14;
    const top = shown.classList.contains('channel') ? middle : above < 0 ? at.bottom - room.top + 8 : above;
    tip.style.left = `${Math.max(0, Math.min(left, room.width - tip.offsetWidth))}px`;
    tip.style.top = `${top}px`;
  };
  const turnTo = (/** @type {EventTarget | null} */ target) => {
    shown = target instanceof Element ? target.closest('.port, .channel') : null;
    show();
  };
  svg.addEventListener('pointerover', (event) => turnTo(event.target));
  svg.addEventListener('pointerleave', () => turnTo(document.activeElement));
  // A picture that listens to the focus itself would be one more stop for the tab key.
  svg.parentElement?.addEventListener('focusin', (event) => turnTo(event.target));
  svg.parentElement?.addEventListener('focusout', () => turnTo(null));
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && turnTo(null));
  return show;
}

const STEPS = new Map([
  ['ArrowRight', 1],
  ['ArrowDown', 1],
  ['ArrowLeft', -1],
  ['ArrowUp', -1],
]);

/**
 * One stop for the tab key; inside, the arrow keys go from one to the next.
 * @param {SVGSVGElement} svg
 * @param {ReadonlyMap<Element, unknown>} facts
 */
function walkByKeys(svg, facts) {
  svg.addEventListener('keydown', (event) => {
    const step = STEPS.get(event.key);
    const all = [...facts.keys()];
    const from = document.activeElement === null ? -1 : all.indexOf(document.activeElement);
    if (step === undefined || from < 0) return;
    event.preventDefault();
    const next = all[(from + step + all.length) % all.length];
    for (const element of all) set(element, { tabindex: element === next ? 0 : -1 });
    if (next instanceof SVGElement) next.focus();
  });
}
