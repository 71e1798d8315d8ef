import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeFault, printable } from './text.ts';

describe('a description that a user wants to put into an invoice', () => {
  it.each(['', '1 cup coffee', 'ナンセンス 1杯', 'قهوة', '👩‍👩‍👧 family', 'é'.repeat(319)])(
    'may be %j',
    (text) => {
      expect(describeFault(text)).toEqual({ kind: 'clean' });
    },
  );

  it.each([
    ['two\nlines', 'control_character', 3],
    ['bell\u0007', 'control_character', 4],
    ['\u0085', 'control_character', 0],
    ['a\u2028b', 'control_character', 1],
    ['pay \u202eecila', 'bidi_control', 4],
    ['\u2066isolate', 'bidi_control', 0],
    ['mark\u200f', 'bidi_control', 4],
    ['\u061c', 'bidi_control', 0],
    ['half \ud83d', 'lone_surrogate', 5],
    ['e'.repeat(640), 'too_long', 639],
    ['é'.repeat(320), 'too_long', 319],
    [`${'e'.repeat(638)}👍`, 'too_long', 638],
  ])('%j has a fault: %s at %i', (text, fault, position) => {
    expect(describeFault(text)).toEqual({ kind: 'fault', fault, position });
  });
});

describe('text of peers, printed', () => {
  it('stays as it is when it is harmless', () => {
    expect(printable('ACINQ ⚡ קפה')).toBe('ACINQ ⚡ קפה');
  });

  it('is one line, without control characters, bidi controls and half characters', () => {
    expect(printable('a\tb\r\nc')).toBe('a b  c');
    expect(printable('red\u001b[31m')).toBe('red\ufffd[31m');
    expect(printable('safe\u202egpj.exe')).toBe('safegpj.exe');
    expect(printable('half \udc4d')).toBe('half \ufffd');
  });

  it('is cut between characters, and says so', () => {
    expect(printable('👍'.repeat(5), 5)).toBe('👍👍👍👍👍');
    expect(printable('👍'.repeat(6), 5)).toBe('👍👍👍👍…');
  });

  it('holds nothing hostile and no more than asked for, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        const printed = printable(text, max);
        expect(describeFault(printed)).toEqual({ kind: 'clean' });
        expect([...printed].length).toBeLessThanOrEqual(max);
      }),
    );
  });
});
