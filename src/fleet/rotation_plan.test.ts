import { describe, expect, it } from 'vitest';
import type { NodeCredentials } from '../nodes/credentials.ts';
import { rotate } from './rotation_plan.ts';

const now = (...certificates: string[]): NodeCredentials => ({
  address: 'a:1',
  certificates,
  macaroon: 'aa',
});

describe('a rotation', () => {
  it('pins the new certificate beside the old one, which comes first', () => {
    expect(rotate(now('old'), { certificates: ['new'] })).toEqual(now('old', 'new'));
  });
  it('changes nothing when it is asked for again', () => {
    expect(rotate(now('old', 'new'), { certificates: ['new'] })).toEqual(now('old', 'new'));
    expect(rotate(now('old'), { certificates: ['old'] })).toEqual(now('old'));
  });
  it('gives up a new certificate for another new one, and never pins three', () => {
    expect(rotate(now('old', 'wrong'), { certificates: ['new'] })).toEqual(now('old', 'new'));
  });
  it('pins the first certificate of a node that had none', () => {
    expect(rotate(now(), { certificates: ['new'] })).toEqual(now('new'));
  });
  it('leaves what it does not name as it is', () => {
    expect(rotate(now('old'), { macaroon: 'bb' })).toEqual({ ...now('old'), macaroon: 'bb' });
    expect(rotate(now('old'), { address: 'b:2' })).toEqual({ ...now('old'), address: 'b:2' });
  });
});
