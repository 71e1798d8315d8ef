/** How text looks on a terminal: colours where they are wanted, and tables whose columns align. */
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';
/** Styles a text; to a file or under NO_COLOR it stays as it is. */
export type Paint = (style: Style, text: string) => string;

/** NO_COLOR, FORCE_COLOR and TERM are honoured as Node honours them. */
export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (style, text) =>
    text === '' ? '' : styleText(style, text, { stream });

/** Columns on the terminal; escape sequences take none. */
export const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** Rows under their titles; no trailing blanks. Cells may be painted. Numbers align at their points. */
export function table(
  columns: readonly Column[],
  given: readonly (readonly string[])[],
  paint: Paint,
): string[] {
  const pointed = columns.map(
    ({ align }, index) => align === 'right' && given.some((row) => hasPoint(row[index] ?? '')),
  );
  const rows = given.map((row) =>
    row.map((cell, index) => (pointed[index] === true && !hasPoint(cell) ? cell + NO_REST : cell)),
  );
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...rows].map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? 'left'))
      .join(GAP)
      .trimEnd();
  return [line(titles.map((title) => paint('dim', title))), ...rows.map(line)];
}

/** Of msat under a sat: `.500`. */
const hasPoint = (cell: string): boolean => /\.\d{3}$/.test(stripVTControlCharacters(cell));
const NO_REST = ' '.repeat(4);

/** How much of a whole a part is, drawn; what is there at all is seen. @example bar(1n, 4n, 8) // '██░░░░░░' */
export function bar(part: bigint, whole: bigint, width: number): string {
  const full = BigInt(width);
  const rounded = whole > 0n ? (2n * part * full + whole) / (2n * whole) : 0n;
  const least = part > 0n ? 1n : 0n;
  const most = part < whole ? full - 1n : full;
  const filled = Number(rounded < least ? least : rounded > most ? most : rounded);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** When in a whole something was, drawn; however short, it is seen. @example spanBar(4, 6, 8, 8) // '░░░░██░░' */
export function spanBar(from: number, to: number, whole: number, width: number): string {
  const cell = (at: number): number => (whole <= 0 ? 0 : Math.round((at / whole) * width));
  const first = Math.max(0, Math.min(cell(from), width - 1));
  const filled = Math.max(1, Math.min(cell(to), width) - first);
  return '░'.repeat(first) + '█'.repeat(filled) + '░'.repeat(width - first - filled);
}

/** Names and values, aligned. */
export function facts(pairs: readonly (readonly [string, string])[], paint: Paint): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${paint('dim', name.padEnd(width))}${GAP}${value}`.trimEnd());
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

export const indent = (lines: readonly string[], by = '  '): string[] =>
  lines.map((line) => (line === '' ? '' : by + line));

/** @example shorten('lnbcrt250u1p...', 8) // 'lnbc…p...' */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const half = Math.floor((max - 1) / 2);
  return `${text.slice(0, max - 1 - half)}…${text.slice(text.length - half)}`;
}
