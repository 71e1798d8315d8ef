import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seal, sealKeyId, unseal } from './seal.ts';

const key = randomBytes(32);

describe('a sealed secret', () => {
  it('opens with its key, where it was put', () => {
    expect(unseal(key, seal(key, 'ünseen', 'us'), 'us')).toBe('ünseen');
    expect(unseal(key, seal(key, '', 'us'), 'us')).toBe('');
  });
  it('is another text each time, without the secret in it', () => {
    const sealed = seal(key, 'macaroon-of-us', 'us');
    expect(sealed.equals(seal(key, 'macaroon-of-us', 'us'))).toBe(false);
    expect(sealed.includes('macaroon')).toBe(false);
  });
  it('does not open with another key, or in another place', () => {
    const sealed = seal(key, 'secret', 'us');
    expect(unseal(randomBytes(32), sealed, 'us')).toBe(null);
    expect(unseal(key, sealed, 'eu')).toBe(null);
  });
  it('does not open when a single bit of it was changed, or when it was cut', () => {
    const sealed = seal(key, 'secret', 'us');
    for (const at of sealed.keys()) {
      const tampered = Buffer.from(sealed);
      tampered[at] = (tampered[at] ?? 0) ^ 1;
      expect(unseal(key, tampered, 'us')).toBe(null);
    }
    for (const length of [0, 11, 27, sealed.length - 1]) {
      expect(unseal(key, sealed.subarray(0, length), 'us')).toBe(null);
    }
  });
  it('is of a key that can be told from others', () => {
    expect(sealKeyId(key)).toMatch(/^[0-9a-f]{16}$/);
    expect(sealKeyId(key)).not.toBe(sealKeyId(randomBytes(32)));
  });
});
