import { hexToBytes } from '@noble/hashes/utils.js';
import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MSAT, msat } from '../money/msat.ts';
import {
  type Bolt11,
  type Bolt11Fields,
  decodeBolt11,
  encodeBolt11,
  FEATURE,
  offers,
  signWith,
} from './bolt11.ts';
import type { Bolt11Fault } from './bolt11-fault.ts';
import type { Fallback } from './bolt11-fields.ts';
import { signatureBytes, signedHash } from './bolt11-signature.ts';
import { INVALID, SPEC_SECRET_KEY, VALID } from './bolt11-vectors.ts';
import { wordsOf } from './bolt11-words.ts';
import { nodePubkey, paymentHash, paymentSecret, scidFromNumber } from './ids.ts';

const sign = signWith(hexToBytes(SPEC_SECRET_KEY));

function invoiceOf(text: string): Bolt11 {
  const decoded = decodeBolt11(text);
  if (decoded.kind === 'fault') throw new Error(`${decoded.fault}: ${decoded.detail}`);
  return decoded.invoice;
}
function faultOf(text: string): Bolt11Fault | null {
  const decoded = decodeBolt11(text);
  return decoded.kind === 'fault' ? decoded.fault : null;
}

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** The data part of a text of 5-bit groups, as the spec writes them. */
const words = (text: string): number[] => [...text].map((character) => CHARSET.indexOf(character));
const SECRET = `sp5${'zyg3'.repeat(12)}zygs`;
const HASH = 'pp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypq';
const TEXT = 'dq5xysxxatsyp3k7enxv4js';
const COFFEE = SECRET + HASH + TEXT;

/** Signs any data at all, to see what readers make of it. */
function forge(fields: string, { prefix = 'lnbc', signer = sign, recovery = -1 } = {}): string {
  const data = [...words('pvjluez'), ...words(fields)];
  const signed = signer(signedHash(prefix, data));
  const signature = signatureBytes(signed);
  if (recovery >= 0) signature[64] = recovery;
  return bech32.encode(prefix, [...data, ...wordsOf(signature)], false);
}

describe('the examples of BOLT 11', () => {
  it.each(VALID)('reads $name', ({ text, says }) => {
    const expiresAt = (says.timestamp + says.expirySeconds) * 1000;
    expect(decodeBolt11(text)).toEqual({
      kind: 'invoice',
      invoice: { ...says, text: text.toLowerCase(), expiresAt },
    });
  });

  it.each(INVALID)('refuses $name', ({ text, fault }) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('writes byte for byte those whose fields stand in the order that it writes', () => {
    for (const at of [0, 1, 2, 3, 5, 9]) {
      const { text, says } = VALID[at] ?? { text: '', says: undefined };
      if (!says) throw new Error(`no example ${at}`);
      const { payee: _recovered, expirySeconds, finalCltvDelta: _default, ...fields } = says;
      const expiry = expirySeconds === 3600 ? {} : { expirySeconds };
      expect(encodeBolt11({ ...fields, ...expiry }, sign)).toBe(text);
    }
  });
});

describe('the text around an invoice', () => {
  const plain = forge(COFFEE);

  it('may be white space, a scheme, or upper case, and is not kept', () => {
    for (const text of [` ${plain}\n`, `lightning:${plain}`, plain.toUpperCase(), `LIGHTNING:${plain}`]) {
      expect(invoiceOf(text).text).toBe(plain);
    }
  });

  it('may not be longer than a QR code holds', () => {
    const unknown = `2ll${'q'.repeat(1023)}`;
    expect(faultOf(forge(COFFEE + unknown.repeat(6)))).toBe(null);
    expect(faultOf(forge(COFFEE + unknown.repeat(7)))).toBe('too_long');
  });

  it('is told apart from LNURL and offers', () => {
    expect(faultOf(bech32.encode('lnurl', wordsOf(Uint8Array.of(1, 2, 3)), false))).toBe('not_bolt11');
    expect(faultOf('lno1pqps7sjqpgtyzm3qv4uxzmtsd3jjqer9wd3hy6tsw35k7msjzfpy7nz5yqcn')).toBe('not_bolt11');
    expect(faultOf('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')).toBe('not_bolt11');
    expect(faultOf('')).toBe('not_bolt11');
  });
});

describe('the human-readable part', () => {
  it.each([
    ['lnbc', 'bitcoin'],
    ['lntb', 'testnet'],
    ['lntbs', 'signet'],
    ['lnbcrt', 'regtest'],
  ])('%s is %s, with an amount and without', (prefix, network) => {
    expect(invoiceOf(forge(COFFEE, { prefix }))).toMatchObject({ network, amountMsat: null });
    expect(invoiceOf(forge(COFFEE, { prefix: `${prefix}1` }))).toMatchObject({
      network,
      amountMsat: 100_000_000_000n,
    });
  });

  it.each([
    ['lnbc20m', 2_000_000_000n],
    ['lnbc2500u', 250_000_000n],
    ['lnbc2500000n', 250_000_000n],
    ['lnbc10p', 1n],
    ['lnbc21000000', MAX_MSAT],
  ])('%s asks for %s msat', (prefix, amount) => {
    expect(invoiceOf(forge(COFFEE, { prefix })).amountMsat).toBe(amount);
  });

  it.each<[string, Bolt11Fault]>([
    ['lnltc20m', 'unknown_network'],
    ['lnbcx20m', 'unknown_network'],
    ['lnbc20mm', 'bad_amount'],
    ['lnbc2.5m', 'bad_amount'],
    ['lnbc-5m', 'bad_amount'],
    ['lnbc0u', 'bad_amount'],
    ['lnbc15p', 'bad_amount'],
    ['lnbc21000001', 'bad_amount'],
    [`lnbc${'9'.repeat(400)}`, 'bad_amount'],
    ['lnbc20k', 'bad_multiplier'],
  ])('%s is refused: %s', (prefix, fault) => {
    expect(faultOf(forge(COFFEE, { prefix }))).toBe(fault);
  });
});

describe('the tagged fields', () => {
  it('of an unknown type, and fallbacks of an unknown version, are skipped', () => {
    const odd = `2qrqqqfppn${'q'.repeat(32)}`;
    expect(invoiceOf(forge(COFFEE + odd))).toMatchObject({ description: '1 cup coffee', fallbacks: [] });
  });

  it.each<[string, string, Bolt11Fault]>([
    ['no payment hash', SECRET + TEXT, 'missing_field'],
    ['no payment secret', HASH + TEXT, 'missing_field'],
    ['neither description nor hash of one', SECRET + HASH, 'missing_field'],
    ['a description and the hash of one', `${COFFEE}hp5${'q'.repeat(52)}`, 'conflicting_fields'],
    ['two payment hashes', `${COFFEE}${HASH}`, 'conflicting_fields'],
    ['a payment hash of 51 groups', `${COFFEE}ppn${'q'.repeat(51)}`, 'bad_field'],
    ['a payee of 54 groups', `${COFFEE}npk${'q'.repeat(54)}`, 'bad_field'],
    ['a payee that is no key', `${COFFEE}np4${'q'.repeat(53)}`, 'bad_field'],
    ['an expiry with a leading zero', `${COFFEE}xqrqpu`, 'bad_field'],
    ['a final delta with a leading zero', `${COFFEE}cqzqp`, 'bad_field'],
    ['features with a leading zero', `${COFFEE}9qyqsgq`, 'bad_field'],
    ['a description that is not UTF-8', `${SECRET}${HASH}dqzll`, 'bad_field'],
    ['a field that runs past the end', `${COFFEE}dpll`, 'bad_field'],
    ['half a field', `${COFFEE}dq`, 'bad_field'],
    ['required feature 100', `${COFFEE}9q4psqqqqqqqqqqqqqqqqsgq`, 'unknown_required_feature'],
  ])('with %s are refused', (_, fields, fault) => {
    expect(faultOf(forge(fields))).toBe(fault);
  });

  it('without `c` and `x` mean 18 blocks and an hour', () => {
    expect(invoiceOf(forge(COFFEE))).toMatchObject({
      finalCltvDelta: 18,
      expirySeconds: 3600,
      expiresAt: (1_496_314_658 + 3600) * 1000,
    });
  });

  it('cut an expiry beyond all dates to one that is a date', () => {
    const { expiresAt } = invoiceOf(forge(`${COFFEE}xpq${'l'.repeat(32)}`));
    expect(new Date(expiresAt).toISOString()).toMatch(/^\+0\d{5}-/);
  });

  it('leave out a route hint that is no whole number of hops', () => {
    expect(invoiceOf(forge(`${COFFEE}rqrqqq`)).routeHints).toEqual([]);
  });

  it('say whether many parts are allowed', () => {
    expect(offers('024100', FEATURE.basicMpp)).toBe(true);
    expect(offers('014100', FEATURE.basicMpp)).toBe(true);
    expect(offers('4100', FEATURE.basicMpp)).toBe(false);
    expect(offers('', FEATURE.paymentMetadata)).toBe(false);
  });
});

describe('the signature', () => {
  const named = `${COFFEE}np4q0n326hr8v9zprg8gsvezcch06gfaqqhde2aj730yg0durunfhv66`;

  it('is checked against the payee that the invoice names, whatever the recovery id', () => {
    const { payee } = VALID[0]?.says ?? {};
    expect(invoiceOf(forge(named)).payee).toBe(payee);
    expect(invoiceOf(forge(named, { recovery: 77 })).payee).toBe(payee);
  });

  it('of somebody else is refused when the invoice names its payee', () => {
    expect(faultOf(forge(named, { signer: signWith(new Uint8Array(32).fill(7)) }))).toBe('bad_signature');
  });

  it('without a named payee needs a recovery id from 0 to 3', () => {
    expect(faultOf(forge(COFFEE, { recovery: 4 }))).toBe('bad_signature');
  });

  it('of zeros is refused', () => {
    const signer = () => ({ signature: new Uint8Array(64), recovery: 0 });
    expect(faultOf(forge(COFFEE, { signer }))).toBe('bad_signature');
    expect(faultOf(forge(named, { signer }))).toBe('bad_signature');
  });
});

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'));
const pubkey = hex(32).map((x) => nodePubkey(`02${x}`));
const hop = fc.record({
  pubkey,
  scid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(scidFromNumber),
  feeBaseMsat: fc.nat(0xffff_ffff),
  feePpm: fc.nat(0xffff_ffff),
  cltvDelta: fc.nat(0xffff),
});
const fallback: fc.Arbitrary<Fallback> = fc.oneof(
  fc.record({ version: fc.constantFrom(0, 17, 18), program: hex(20) }),
  fc.record({ version: fc.constantFrom(0, 1, 16), program: hex(32) }),
);
const anyFields: fc.Arbitrary<Bolt11Fields> = fc
  .record({
    network: fc.constantFrom('bitcoin', 'testnet', 'signet', 'regtest'),
    amountMsat: fc.option(fc.bigInt({ min: 1n, max: MAX_MSAT }).map(msat)),
    timestamp: fc.nat(2 ** 35 - 1),
    paymentHash: hex(32).map(paymentHash),
    paymentSecret: hex(32).map(paymentSecret),
    described: fc.oneof(
      fc
        .string({ unit: 'grapheme', maxLength: 60 })
        .map((description) => ({ description, descriptionHash: null })),
      hex(32).map((descriptionHash) => ({ description: null, descriptionHash })),
    ),
    paymentMetadata: fc.option(fc.nat(200).chain(hex)),
    expirySeconds: fc.nat(2 ** 40),
    finalCltvDelta: fc.nat(0xffff_ffff),
    features: fc.constantFrom('', '4100', '024100', '01000000024100', `80${'00'.repeat(20)}`),
    fallbacks: fc.array(fallback, { maxLength: 3 }),
    routeHints: fc.array(fc.array(hop, { minLength: 1, maxLength: 12 }), { maxLength: 3 }),
  })
  .map(({ described, ...fields }) => ({ ...fields, ...described }));

describe('the codec', () => {
  it('reads what it writes, and writes it again from what it read', { timeout: 120_000 }, () => {
    const payee = VALID[0]?.says.payee;
    if (!payee) throw new Error('no payee');
    fc.assert(
      fc.property(anyFields, fc.boolean(), (fields, named) => {
        const text = encodeBolt11({ ...fields, payee: named ? payee : null }, sign);
        const { expiresAt, ...read } = invoiceOf(text);
        expect(read).toEqual({ ...fields, payee, text });
        expect(expiresAt).toBe((read.timestamp + read.expirySeconds) * 1000);
        expect(encodeBolt11({ ...read, payee: named ? payee : null }, sign)).toBe(text);
      }),
      { numRuns: 150 },
    );
  });

  it('writes an amount in no more characters than any other multiplier would take', () => {
    const perUnit = { m: 100_000_000n, u: 100_000n, n: 100n };
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.nat(9), (number, zeros) => {
        const amountMsat = msat((number * 10n ** BigInt(zeros)) % MAX_MSAT || 1n);
        const text = encodeBolt11({ ...coffee, amountMsat }, () => ({
          signature: new Uint8Array(64),
          recovery: 0,
        }));
        const written = text.slice('lnbc'.length, text.lastIndexOf('1'));
        for (const [letter, unit] of Object.entries(perUnit)) {
          if (amountMsat % unit !== 0n) continue;
          expect(written.length).toBeLessThanOrEqual(`${amountMsat / unit}${letter}`.length);
        }
      }),
    );
  });

  it('throws on no text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => decodeBolt11(text).kind === 'fault'));
    fc.assert(fc.property(fc.string(), (text) => decodeBolt11(`lnbc1${text}`).kind === 'fault'));
  });

  it('throws on no data, though it is signed', { timeout: 120_000 }, () => {
    const group = fc.nat(31).map((word) => CHARSET[word] ?? 'q');
    const part = fc.oneof(fc.constantFrom(SECRET, HASH, TEXT), fc.string({ unit: group, maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.nat(255), (parts, recovery) => {
        expect(['invoice', 'fault']).toContain(decodeBolt11(forge(parts.join(''), { recovery })).kind);
      }),
      { numRuns: 300 },
    );
  });

  it('reads no invoice of which one character was changed', () => {
    const text = forge(COFFEE);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...CHARSET), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        expect(decodeBolt11(changed).kind).toBe(changed === text ? 'invoice' : 'fault');
      }),
    );
  });
});

const coffee: Bolt11Fields = {
  network: 'bitcoin',
  amountMsat: null,
  timestamp: 1_496_314_658,
  paymentHash: paymentHash('00'.repeat(32)),
  paymentSecret: paymentSecret('11'.repeat(32)),
  description: 'coffee',
};

describe('the writer', () => {
  const { description: _, ...undescribed } = coffee;
  const farHop = {
    pubkey: nodePubkey(`02${'11'.repeat(32)}`),
    scid: scidFromNumber(1n),
    feeBaseMsat: 2 ** 32,
  };
  it.each<[string, Bolt11Fields]>([
    ['an amount of nothing', { ...coffee, amountMsat: msat(0n) }],
    ['no description', undescribed],
    ['a description and the hash of one', { ...coffee, descriptionHash: '22'.repeat(32) }],
    ['a description of 640 bytes', { ...coffee, description: 'é'.repeat(320) }],
    ['half a surrogate pair', { ...coffee, description: '\ud800' }],
    ['a date after the year 3058', { ...coffee, timestamp: 2 ** 35 }],
    ['a fraction of a second', { ...coffee, expirySeconds: 1.5 }],
    [
      'a fallback of an unknown version',
      { ...coffee, fallbacks: [{ version: 19, program: '00'.repeat(20) }] },
    ],
    ['a route hint without hops', { ...coffee, routeHints: [[]] }],
    ['a fee that does not fit', { ...coffee, routeHints: [[{ ...farHop, feePpm: 0, cltvDelta: 0 }]] }],
  ])('throws on %s', (_, fields) => {
    expect(() => encodeBolt11(fields, sign)).toThrow();
  });

  it('takes a description of 639 bytes', () => {
    expect(
      invoiceOf(encodeBolt11({ ...coffee, description: 'e'.repeat(639) }, sign)).description,
    ).toHaveLength(639);
  });
});
