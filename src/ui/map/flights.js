/** Payments under way: a dot for each part, and a mark where it ended. Who wants no motion sees where they end only. */
/** @import { Curve } from './curve.js' */
import { draw, set } from './elements.js';
import { measure } from './legs.js';
import { signOf } from './words.js';

/**
 * @typedef {object} Flight
 * @property {Element} dot
 * @property {(share: number) => { x: number, y: number }} place
 * @property {number} began ms
 * @property {number} takes ms
 * @property {string | null} end how it ended; null: it has not
 */

/** Beyond so many at once nobody can follow them; the list below tells of all. */
const MOST = 48;
const MOST_MARKS = 24;
const REMEMBERED = 1_000;
const FIRST_LEG_MS = 520;
const LEG_MS = 190;
/** After so long without news the dot goes; the list says what is known. */
const PATIENCE_MS = 20_000;
const MARK_MS = 1_100;

/**
 * @param {Element} dots
 * @param {Element} marks
 */
export function openFlights(dots, marks) {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {Map<string, Flight>} */
  const flights = new Map();
  /** @type {Set<string>} */
  const known = new Set();
  let moving = false;

  const frame = (/** @type {number} */ now) => {
    for (const [id, flight] of flights) if (isOver(flight, now, marks)) remove(id, flight);
    moving = flights.size > 0;
    if (moving) requestAnimationFrame(frame);
  };
  const remove = (/** @type {string} */ id, /** @type {Flight} */ { dot }) => {
    dot.remove();
    flights.delete(id);
  };

  return {
    /**
     * What is known of a part or of an incoming payment; again with each news of it.
     * @param {string} id
     * @param {{ kind: 'out' | 'in', size: number, end: string | null, delayMs?: number, legs: () => readonly Curve[] }} news
     */
    tell(id, { kind, size, end, delayMs = 0, legs }) {
      const flying = flights.get(id);
      if (flying !== undefined) flying.end = end;
      if (known.has(id)) return;
      remember(known, id);
      const way = document.hidden || flights.size >= MOST ? [] : legs();
      if (way.length === 0) return;
      const takes = still.matches ? 1 : FIRST_LEG_MS + LEG_MS * way.length;
      const dot = drawDot(dots, kind, size);
      flights.set(id, { dot, place: measure(way), began: performance.now() + delayMs, takes, end });
      if (!moving) requestAnimationFrame(frame);
      moving = true;
    },
    /** The picture is another one now. */
    clear() {
      for (const [id, flight] of flights) remove(id, flight);
    },
  };
}

/** @param {Set<string>} known @param {string} id */
function remember(known, id) {
  known.add(id);
  if (known.size <= REMEMBERED) return;
  for (const oldest of known) {
    known.delete(oldest);
    return;
  }
}

/** Moves a dot on. @param {Flight} flight @param {number} now @param {Element} marks */
function isOver({ dot, place, began, takes, end }, now, marks) {
  const share = Math.max(0, Math.min(1, (now - began) / takes));
  const here = place(share * share * (3 - 2 * share));
  set(dot, { transform: `translate(${here.x.toFixed(1)} ${here.y.toFixed(1)})` });
  set(dot, { visibility: now < began ? 'hidden' : 'visible' });
  dot.classList.toggle('waiting', share === 1);
  if (now > began + PATIENCE_MS) return true;
  if (end === null || (share < 1 && end !== 'failed')) return false;
  drawMark(marks, here, end);
  return true;
}

/** Paid is round, being paid is a diamond. @param {Element} dots @param {string} kind @param {number} size */
function drawDot(dots, kind, size) {
  const dot = draw(dots, 'g', { class: `dot ${kind}`, visibility: 'hidden' });
  if (kind === 'out') draw(dot, 'circle', { r: size });
  else draw(dot, 'path', { d: `M0 ${-size - 1}L${size + 1} 0L0 ${size + 1}L${-size - 1} 0Z` });
  return dot;
}

/** @param {Element} marks @param {{ x: number, y: number }} at @param {string} state */
export function drawMark(marks, { x, y }, state) {
  if (document.hidden || marks.children.length >= MOST_MARKS) return;
  const mark = draw(marks, 'g', { class: 'mark', 'data-state': state, transform: `translate(${x} ${y})` });
  const badge = draw(mark, 'g', { class: 'badge' });
  draw(badge, 'circle', { r: 10 });
  draw(badge, 'text', { y: 4.5 }).textContent = signOf(state);
  setTimeout(() => mark.remove(), MARK_MS);
}
