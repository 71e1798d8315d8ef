import { describe, expect, it } from 'vitest';
import { judgeVersion } from './version.ts';

describe('a version of LND', () => {
  it('is good when no fault of it is known, with whatever follows its numbers', () => {
    for (const text of ['0.21.3-beta commit=v0.21.3-beta', 'v0.21.3', '0.22.0-beta.rc1', '1.0.0-beta']) {
      expect(judgeVersion(text), text).toEqual({ kind: 'good' });
    }
  });
  it('is refused below 0.19, and says why', () => {
    for (const text of ['0.18.5-beta', '0.17.4-beta commit=x', '0.4.0']) {
      expect(judgeVersion(text)).toMatchObject({ kind: 'refused', why: expect.stringContaining('0.19.0') });
    }
  });
  it('has its known faults named, and the version that mends them all', () => {
    expect(judgeVersion('0.19.1-beta')).toMatchObject({ kind: 'faulty', mended: '0.21.3' });
    const { faults } = judgeVersion('0.21.2-beta') as { faults: readonly string[] };
    expect(faults.join()).toMatch(/lnd#11008/);
    expect(faults.join()).not.toMatch(/lnd#9921/);
  });
  it('is not guessed at', () => {
    for (const text of ['', 'v0.21', 'master', '0.21.x']) expect(judgeVersion(text).kind).toBe('unreadable');
  });
});
