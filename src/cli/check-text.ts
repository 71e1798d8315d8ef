/** A checklist of a node: each line done, worth a word, or failed with the way out. */
import { printable } from '../lightning/text.ts';
import type { CheckLine, RotatedNode } from '../sdk/index.ts';
import { type Paint, pad } from './print.ts';

const SIGNS = { done: ['green', '✓'], advice: ['yellow', '!'], failed: ['red', '✗'] } as const;
const NAME_WIDTH = 12;
const MAX_TEXT = 500;
const LATER = { items: [], fix: '`node add --check` shows the command that bakes one.', command: null };
/** Commands are long, and copied. */
const MAX_COMMAND = 10_000;

/** @param look only a look, so that commands which are advice are shown as well; else just those that mend a failure */
export function checkLines(checks: readonly CheckLine[], paint: Paint, look: boolean): string[] {
  return checks.flatMap((line) => {
    const { name, state, detail, items, fix, command } =
      look || line.state === 'failed' || line.command === null ? line : { ...line, ...LATER };
    const [style, sign] = SIGNS[state];
    const under = (text: string): string => `${' '.repeat(NAME_WIDTH + 4)}${text}`;
    return [
      `  ${paint(style, sign)} ${pad(name, NAME_WIDTH)}${printable(detail, MAX_TEXT)}`,
      ...items.map((item) => under(`- ${printable(item, MAX_TEXT)}`)),
      ...(fix === null ? [] : [under(printable(fix, MAX_TEXT))]),
      // From the margin, so that it can be copied as it stands.
      ...(command === null ? [] : ['', printable(command, MAX_COMMAND), '']),
    ];
  });
}

/** Names and values, for `facts`. */
export const pinFacts = (pins: RotatedNode['pins']): (readonly [string, string])[] =>
  pins.map(({ fingerprint, expires_at }) => [
    'pinned',
    `${fingerprint}, until ${new Date(expires_at).toISOString().slice(0, 10)}`,
  ]);
