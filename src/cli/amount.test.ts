import { describe, expect, it } from 'vitest';
import { formatAmount, readAmount, readFeeLimit, type Unit } from './amount.ts';
import { CliProblem } from './problem.ts';

const refusal = (text: string, unit: Unit): { code: string; exit: number } => {
  try {
    readAmount('--amount', text, unit);
  } catch (error) {
    if (error instanceof CliProblem) return { code: error.text.code, exit: error.text.exit };
    throw error;
  }
  throw new Error(`${text} ${unit} was read`);
};

describe('an amount on the command line', () => {
  it('is sat, and msat under --msat', () => {
    expect(readAmount('AMOUNT', '25000', 'sat')).toBe('25000000');
    expect(readAmount('AMOUNT', '25000', 'msat')).toBe('25000');
  });

  it.each([
    ['-5', 'amount_negative'],
    ['-0.5', 'amount_negative'],
    ['1.5', 'amount_fractional'],
    ['0', 'amount_zero'],
    ['000', 'amount_zero'],
    ['2100000000000001', 'amount_overflow'],
    ['9'.repeat(60), 'amount_overflow'],
    ['', 'amount_not_numeric'],
    ['1e6', 'amount_not_numeric'],
    ['0x10', 'amount_not_numeric'],
    ['25,000', 'amount_not_numeric'],
    [' 5', 'amount_not_numeric'],
    ['٥', 'amount_not_numeric'],
  ])('%j is refused as %s, which is a mistake of usage', (text, code) => {
    expect(refusal(text, 'sat')).toEqual({ code, exit: 2 });
  });

  it('goes up to all the bitcoin there will be, in either unit', () => {
    expect(readAmount('AMOUNT', '2100000000000000', 'sat')).toBe('2100000000000000000');
    expect(readAmount('AMOUNT', '2100000000000000000', 'msat')).toBe('2100000000000000000');
    expect(refusal('2100000000000000001', 'msat').code).toBe('amount_overflow');
  });

  it('may be zero where it limits a fee', () => {
    expect(readFeeLimit('--fee-limit', '0', 'sat')).toBe('0');
    expect(readFeeLimit('--fee-limit', '7', 'sat')).toBe('7000');
  });
});

describe('an amount that is shown', () => {
  it('groups thousands, and shows a remainder of msat only where there is one', () => {
    expect(formatAmount('25000000', 'sat')).toBe('25,000');
    expect(formatAmount('25000012', 'sat')).toBe('25,000.012');
    expect(formatAmount('-1500', 'sat')).toBe('-1.500');
    expect(formatAmount('25000012', 'msat')).toBe('25,000,012');
  });
});
