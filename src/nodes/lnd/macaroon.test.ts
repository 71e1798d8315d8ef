import { describe, expect, it } from 'vitest';
import { readMacaroon, restrict } from './macaroon.ts';

/** Baked by lnd 0.21.3-beta of a test network: info:read, invoices:read, offchain:read. */
const READ_ONLY =
  '0201036c6e640248030a103714abddc832d94849774d1c4c5064131201301a0c0a04696e666f1204726561641a100a08696e766f696365731204726561641a100a086f6666636861696e120472656164000006200f7449951195097f25c2bfedfefc0be2cf9ae1ebe5be0ae22011952699301c1c';

describe('a macaroon of LND', () => {
  it('tells what it grants', () => {
    expect(readMacaroon(READ_ONLY)).toEqual({
      kind: 'macaroon',
      grants: new Set(['info:read', 'invoices:read', 'offchain:read']),
      caveats: [],
    });
  });
  it('tells its limits', () => {
    const limit = 'time-before 2026-11-21T18:00:00Z';
    const caveat = `02${limit.length.toString(16)}${Buffer.from(limit).toString('hex')}00`;
    const limited = READ_ONLY.replace('00000620', `00${caveat}000620`);
    expect(readMacaroon(limited)).toMatchObject({ kind: 'macaroon', caveats: [limit] });
  });
  it('is given a further limit, and another after that', () => {
    const once = restrict(READ_ONLY, 'time-before 2026-11-21T18:00:00Z');
    const twice = restrict(once, 'ipaddr 10.0.0.7');
    expect(readMacaroon(twice)).toMatchObject({
      kind: 'macaroon',
      caveats: ['time-before 2026-11-21T18:00:00Z', 'ipaddr 10.0.0.7'],
    });
    expect(once.slice(-64)).not.toBe(READ_ONLY.slice(-64));
  });
  it('is none when it is cut anywhere, or something else', () => {
    for (let length = 0; length < READ_ONLY.length; length += 2) {
      expect(readMacaroon(READ_ONLY.slice(0, length)).kind).toBe('fault');
    }
    for (const text of ['', 'zz', '00', '02', 'ff'.repeat(200), Buffer.from('hello').toString('hex')]) {
      expect(readMacaroon(text).kind).toBe('fault');
    }
  });
});
