/** Data to stdout, progress to stderr: as text for people, as JSON for scripts. */
import { formatAmount, type Unit } from './amount.ts';
import { type Paint, paintFor } from './print.ts';

export interface Output {
  readonly json: boolean;
  readonly unit: Unit;
  /** For stdout. */
  readonly paint: Paint;
  /** For stderr. */
  readonly paintNote: Paint;
  /** The result: the document under `--json`, else the lines. */
  show(document: unknown, lines: () => readonly string[]): void;
  /** One line of stdout, as it is. */
  print(line: string): void;
  /** One line of stderr. */
  note(line: string): void;
  /** With the unit's own grouping, without its name; an absent amount is a dash. */
  amount(msat: string | bigint | null): string;
  /** With the unit's name. */
  money(msat: string | bigint): string;
}

export function openOutput(options: { readonly json: boolean; readonly unit: Unit }): Output {
  const { json, unit } = options;
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const amount = (msat: string | bigint | null): string => (msat === null ? '-' : formatAmount(msat, unit));
  return {
    json,
    unit,
    paint: paintFor(process.stdout),
    paintNote: paintFor(process.stderr),
    show(document, lines) {
      if (json) print(toJson(document, process.stdout.isTTY ? 2 : 0));
      else for (const line of lines()) print(line);
    },
    print,
    note: (line) => void process.stderr.write(`${line}\n`),
    amount,
    money: (msat) => `${amount(msat)} ${unit}`,
  };
}

/** JSON escapes less than a terminal obeys: peers' text could move its cursor or turn its writing around. */
const HOSTILE = /[\u007f-\u009f\p{Bidi_Control}]/gu;

export const toJson = (document: unknown, indent = 0): string =>
  JSON.stringify(document, null, indent).replace(
    HOSTILE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
