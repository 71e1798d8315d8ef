import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePubkey, paymentHash, scidFromNumber, scidToNumber, shortChannelId } from './ids.ts';

describe('a short channel id', () => {
  it('is the 64-bit number of the wire, and back', () => {
    expect(scidToNumber(shortChannelId('66051x263430x1800'))).toBe(0x0102030405060708n);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (wire) => {
        expect(scidToNumber(shortChannelId(scidFromNumber(wire)))).toBe(wire);
      }),
    );
  });

  it.each(['1x16777216x0', '16777216x0x0', '1x1x65536', '01x1x1', '1x1', '1x1x1x1', '-1x1x1', ''])(
    'is not %j: two texts would be one channel, or none',
    (text) => {
      expect(() => shortChannelId(text)).toThrow(TypeError);
    },
  );
});

describe('hex ids', () => {
  it('are lower case and of one length', () => {
    expect(paymentHash('ab'.repeat(32))).toBe('ab'.repeat(32));
    expect(() => paymentHash('AB'.repeat(32))).toThrow(TypeError);
    expect(() => paymentHash('ab'.repeat(31))).toThrow(TypeError);
    expect(() => nodePubkey(`04${'ab'.repeat(32)}`)).toThrow(TypeError);
  });
});
