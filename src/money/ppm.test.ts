import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msat } from './msat.ts';
import { defaultFeeLimit, forwardingFee, ppmOf } from './ppm.ts';

const amount = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(msat);

describe('parts per million', () => {
  it('round down, as forwarding nodes do', () => {
    expect(ppmOf(msat(999_999n), 1n)).toBe(0n);
    expect(ppmOf(msat(1_000_000n), 1n)).toBe(1n);
    expect(ppmOf(msat(1_999_999n), 1n)).toBe(1n);
  });

  it('of a million are the amount itself', () => {
    fc.assert(fc.property(amount, (value) => ppmOf(value, 1_000_000n) === value));
  });
});

describe('the fee of a forwarding node', () => {
  it('is the example of BOLT 7: base, and the part of the amount', () => {
    expect(forwardingFee(msat(4_999_999n), 200n, 2000n)).toBe(10_199n);
    expect(forwardingFee(msat(0n), 1000n, 1n)).toBe(1000n);
  });

  it('is never less for a greater amount', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        expect(forwardingFee(less, 1000n, 250n)).toBeLessThanOrEqual(forwardingFee(more, 1000n, 250n));
      }),
    );
  });
});

describe('the fee limit where none is given', () => {
  it('is one per cent, and 1,000 msat at least', () => {
    expect(defaultFeeLimit(msat(25_000_000n))).toBe(250_000n);
    expect(defaultFeeLimit(msat(100_000n))).toBe(1000n);
    expect(defaultFeeLimit(msat(0n))).toBe(1000n);
  });
});
