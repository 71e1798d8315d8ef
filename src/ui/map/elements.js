/** Elements of the page: found, made, and changed only where something has changed. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${id}`);
}

/** @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {Readonly<Record<string, string | number>>} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, `${value}`);
  }
}

/**
 * A part of the picture.
 * @param {Element} parent
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 */
export function draw(parent, tag, attributes = {}) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(element, attributes);
  parent.append(element);
  return element;
}

/**
 * Rows of cells, kept where they are so that nobody who reads them loses the place.
 * @param {HTMLElement} parent
 * @param {string} rowTag
 * @param {string} cellTag
 * @param {readonly (readonly string[])[]} rows
 */
export function fill(parent, rowTag, cellTag, rows) {
  while (parent.children.length > rows.length) parent.lastElementChild?.remove();
  for (const [index, cells] of rows.entries()) {
    const row = parent.children[index] ?? parent.appendChild(document.createElement(rowTag));
    for (const [column, text] of cells.entries()) {
      say(row.children[column] ?? row.appendChild(document.createElement(cellTag)), text);
    }
  }
}
