import { expect, test } from 'vitest';
import { isDriver, suiteOf } from './plan.ts';

const FILES = [
  'test/nodes/lnd.test.ts',
  'test/nodes/lnd-streams.test.ts',
  'test/nodes/lndhub.test.ts',
  'test/nodes/net.test.ts',
  'src/nodes/lnd/conformance.test.ts',
  'src/nodes/lnd/map.test.ts',
  'src/nodes/ldk/conformance.test.ts',
];

test('the suite of a driver is its conformance, and what is named after it beside the harness', () => {
  expect(suiteOf('lnd', FILES)).toEqual([
    'src/nodes/lnd/conformance.test.ts',
    'test/nodes/lnd-streams.test.ts',
    'test/nodes/lnd.test.ts',
  ]);
  expect(suiteOf('ldk', FILES)).toEqual(['src/nodes/ldk/conformance.test.ts']);
  expect(suiteOf('cln', FILES)).toEqual([]);
});

test('what an object has from its birth is no driver', () => {
  expect(['lnd', 'constructor', ''].map(isDriver)).toEqual([true, false, false]);
});
