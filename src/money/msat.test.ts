import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSat, fromSat, larger, MAX_MSAT, msat, parseAmount, smaller, sum, ZERO_MSAT } from './msat.ts';

describe('an amount', () => {
  it('is nothing below zero, and nothing above all bitcoin', () => {
    expect(msat(0n)).toBe(0n);
    expect(msat(MAX_MSAT)).toBe(MAX_MSAT);
    expect(() => msat(-1n)).toThrow(RangeError);
    expect(() => msat(MAX_MSAT + 1n)).toThrow(RangeError);
  });

  it("fits PostgreSQL's bigint", () => {
    expect(MAX_MSAT).toBe(21_000_000n * 100_000_000n * 1000n);
    expect(MAX_MSAT).toBeLessThan(2n ** 63n);
  });

  it('comes from sat without rounding', () => {
    expect(fromSat(25_000n)).toBe(25_000_000n);
    expect(() => fromSat(-1n)).toThrow(RangeError);
  });

  it('is compared and added up', () => {
    expect(larger(msat(1n), msat(2n))).toBe(2n);
    expect(smaller(msat(1n), msat(2n))).toBe(1n);
    expect(sum([msat(1n), msat(2n), msat(3n)])).toBe(6n);
    expect(sum([])).toBe(ZERO_MSAT);
    expect(() => sum([MAX_MSAT, msat(1n)])).toThrow(RangeError);
  });
});

describe('the text of an amount', () => {
  it.each([
    ['1', 'msat', 1n],
    ['25000', 'sat', 25_000_000n],
    ['007', 'msat', 7n],
    ['2100000000000000', 'sat', MAX_MSAT],
  ] as const)('%s %s is read', (text, unit, amount) => {
    expect(parseAmount(text, unit)).toEqual({ kind: 'amount', msat: amount });
  });

  it.each([
    ['', 'not_numeric'],
    ['1e3', 'not_numeric'],
    ['0x10', 'not_numeric'],
    ['1,000', 'not_numeric'],
    [' 1', 'not_numeric'],
    ['1\n', 'not_numeric'],
    ['١', 'not_numeric'],
    ['+1', 'not_numeric'],
    ['-1', 'negative'],
    ['-0.5', 'negative'],
    ['1.5', 'fractional'],
    ['1.0', 'fractional'],
    ['0', 'zero'],
    ['2100000000000001', 'overflow'],
    ['9'.repeat(100_000), 'overflow'],
  ])('%j is refused: %s', (text, fault) => {
    expect(parseAmount(text, 'sat')).toEqual({ kind: 'fault', fault });
  });

  it('is the same number after a round trip', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: MAX_MSAT }), (amount) => {
        expect(parseAmount(amount.toString(), 'msat')).toEqual({ kind: 'amount', msat: amount });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => 'kind' in parseAmount(text, 'sat')));
  });
});

describe('an amount for people', () => {
  it.each([
    [0n, '0'],
    [1n, '0.001'],
    [999_000n, '999'],
    [25_000_012n, '25,000.012'],
    [1_234_567_000n, '1,234,567'],
    [-1_500n, '-1.500'],
    [MAX_MSAT, '2,100,000,000,000,000'],
  ])('%s msat are %s sat', (amount, text) => {
    expect(formatSat(amount)).toBe(text);
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_MSAT }), (amount) => {
        const [whole = '', rest = '000'] = formatSat(amount).replaceAll(',', '').split('.');
        expect(BigInt(whole) * 1000n + BigInt(rest)).toBe(amount);
      }),
    );
  });
});
