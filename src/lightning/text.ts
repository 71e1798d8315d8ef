/** Text that people and peers write: what may go into an invoice, and what may be printed. Pure. */
import type { Untrusted } from './ids.ts';

/** Field `d` holds 1,023 groups of 5 bits. Source: BOLT 11. */
export const MAX_DESCRIPTION_BYTES = 639;

export type DescriptionFault =
  /** A control character (a tab or a line break too), or a Unicode line or paragraph separator. */
  | 'control_character'
  /** U+061C, U+200E, U+200F, U+202A-E, U+2066-9: they make a text read otherwise than it is. */
  | 'bidi_control'
  /** Half of a UTF-16 pair: no UTF-8 exists for it. */
  | 'lone_surrogate'
  /** More than `MAX_DESCRIPTION_BYTES` of UTF-8. */
  | 'too_long';

export type DescribedText =
  | { readonly kind: 'clean' }
  /** `position` counts UTF-16 code units, as JavaScript does: the first that offends, or does not fit. */
  | { readonly kind: 'fault'; readonly fault: DescriptionFault; readonly position: number };

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const BIDI = /\p{Bidi_Control}/u;
const HOSTILE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Surrogate}]/u;

/**
 * The first fault of a description that a user wants to put into an invoice.
 * @example describeFault('two\nlines') // { kind: 'fault', fault: 'control_character', position: 3 }
 */
export function describeFault(description: string): DescribedText {
  const hostile = HOSTILE.exec(description);
  if (hostile) return { kind: 'fault', fault: classify(hostile[0]), position: hostile.index };
  const { read } = new TextEncoder().encodeInto(description, new Uint8Array(MAX_DESCRIPTION_BYTES));
  return read < description.length ? { kind: 'fault', fault: 'too_long', position: read } : { kind: 'clean' };
}

function classify(character: string): DescriptionFault {
  if (CONTROL.test(character)) return 'control_character';
  return BIDI.test(character) ? 'bidi_control' : 'lone_surrogate';
}

/**
 * One line that is safe to print to a terminal, a log or a page that escapes HTML: line breaks and tabs become
 * spaces, bidi controls go, other controls and lone surrogates become U+FFFD; cut to `max` code points, the last of
 * them an ellipsis. Escaping is still the work of whoever writes HTML.
 * @example printable('ACINQ\u202e\u001b[2J') // 'ACINQ\ufffd[2J'
 */
export function printable(text: Untrusted | string, max = 120): string {
  const clean = text
    .toWellFormed()
    .replace(/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/\p{Cc}/gu, '\ufffd');
  const characters = [...clean];
  return characters.length <= max ? clean : `${characters.slice(0, Math.max(0, max - 1)).join('')}…`;
}
