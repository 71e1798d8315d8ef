/** Is what was written what the documentation shows? `...` stands for what differs each time. */

const ESCAPED = /[.*+?^${}()|[\]\\]/g;

/** `...` stands for anything, of one line. */
const pattern = (text: string): string =>
  text
    .split('...')
    .map((piece) => piece.replaceAll(ESCAPED, '\\$&'))
    .join('.*');

const lineOf = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');

/**
 * Line by line; how far the columns of a table are apart does not count. A line that is `...` alone stands for any
 * number of lines. @returns what differs; null: nothing
 */
export function textDifference(expected: string, actual: string): string | null {
  const wanted = expected.trim().split('\n').map(lineOf);
  const lines = wanted.map((line) => (line === '...' ? '(?:.*\n)*' : `${pattern(line)}\n`));
  const whole = new RegExp(`^${lines.join('')}$`);
  const written = `${actual.trim().split('\n').map(lineOf).join('\n')}\n`;
  return whole.test(written) ? null : `expected:\n${expected}\nwritten:\n${actual}`;
}

/**
 * All that is shown is there; more may be. An array has the elements that are shown, and more only where its last is
 * `"..."`. @returns what differs, with where; null: nothing
 */
export function jsonDifference(expected: string, actual: string): string | null {
  try {
    return valueDifference('', JSON.parse(expected), JSON.parse(actual));
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\nexpected:\n${expected}\nwritten:\n${actual}`;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueDifference(at: string, expected: unknown, actual: unknown): string | null {
  if (Array.isArray(expected)) return arrayDifference(at, expected, actual);
  if (isObject(expected)) {
    if (!isObject(actual)) return `${at}: ${JSON.stringify(actual)} is no object`;
    return firstOf(
      Object.entries(expected).map(([name, value]) => valueDifference(`${at}.${name}`, value, actual[name])),
    );
  }
  const same =
    typeof expected === 'string'
      ? typeof actual === 'string' && new RegExp(`^${pattern(expected)}$`).test(actual)
      : expected === actual;
  return same ? null : `${at}: expected ${JSON.stringify(expected)}, written ${JSON.stringify(actual)}`;
}

function arrayDifference(at: string, expected: readonly unknown[], actual: unknown): string | null {
  if (!Array.isArray(actual)) return `${at}: ${JSON.stringify(actual)} is no array`;
  const open = expected.at(-1) === '...';
  const shown = open ? expected.slice(0, -1) : expected;
  if (actual.length < shown.length || (!open && actual.length > shown.length)) {
    return `${at}: expected ${shown.length} elements, written ${JSON.stringify(actual)}`;
  }
  return firstOf(shown.map((value, index) => valueDifference(`${at}[${index}]`, value, actual[index])));
}

const firstOf = (differences: readonly (string | null)[]): string | null =>
  differences.find((difference) => difference !== null) ?? null;
