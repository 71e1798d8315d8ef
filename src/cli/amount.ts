/** Amounts as people type and read them: sat, or msat where `--msat` was given. The API speaks msat. */
import type { ProblemCode } from '../kit/problems.ts';
import { type AmountFault, formatSat, parseAmount } from '../money/msat.ts';
import { cliProblem } from './problem.ts';

export type Unit = 'sat' | 'msat';

const FAULTS: Record<AmountFault, readonly [ProblemCode, (unit: Unit) => string]> = {
  not_numeric: ['amount_not_numeric', (unit) => `must be a whole number of ${unit} in digits, such as 25000`],
  negative: ['amount_negative', () => 'must be above zero'],
  fractional: [
    'amount_fractional',
    (unit) =>
      unit === 'sat'
        ? 'must be a whole number of sat; with --msat amounts are in thousandths of one'
        : 'must be a whole number; there is nothing smaller than a millisatoshi',
  ],
  zero: ['amount_zero', () => 'must be above zero'],
  overflow: ['amount_overflow', () => 'must be at most 21 million bitcoin'],
};

/**
 * An argument -> the decimal msat of the API.
 * @throws CliProblem amount_*: it names the argument
 * @example readAmount('--amount', '25000', 'sat') // '25000000'
 */
export function readAmount(argument: string, text: string, unit: Unit): string {
  const parsed = parseAmount(text, unit);
  if (parsed.kind === 'amount') return parsed.msat.toString();
  const [code, sentence] = FAULTS[parsed.fault];
  throw cliProblem(code, `${argument}: ${sentence(unit)}.`, { extra: { field: argument } });
}

/** As `readAmount`, but paying no fee at all is a wish. */
export const readFeeLimit = (argument: string, text: string, unit: Unit): string =>
  text === '0' ? '0' : readAmount(argument, text, unit);

/** @example formatAmount('25000012', 'sat') // '25,000.012' */
export function formatAmount(msat: string | bigint, unit: Unit): string {
  const value = BigInt(msat);
  return unit === 'sat' ? formatSat(value) : formatSat(value * 1000n);
}
