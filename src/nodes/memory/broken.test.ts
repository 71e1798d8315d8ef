import { describe, expect, it } from 'vitest';
import { casesFor, type Harness, KNOWN_FACETS, type World } from '../conformance.ts';
import { BROKEN_DRIVERS, wrapped } from './broken.ts';
import { memoryHarness } from './harness.ts';

const CASES = casesFor(new Set(KNOWN_FACETS.memory));

/** Runs every case and gives the names of those that fail. A world in which a case has failed serves no other. */
async function failures(harness: Harness): Promise<string[]> {
  const failed: string[] = [];
  let world: World | null = null;
  for (const { name, run } of CASES) {
    world ??= await harness.open();
    try {
      await run(world, harness);
    } catch {
      failed.push(name);
      world = null;
    }
  }
  return failed;
}

describe('the conformance suite', () => {
  it('finds no fault with the good driver', async () => {
    expect(await failures(memoryHarness())).toEqual([]);
  });
  it('finds no fault with a good driver whose every verb is wrapped', async () => {
    expect(await failures(memoryHarness(wrapped))).toEqual([]);
  });
  for (const { fault, caughtBy, wrap } of BROKEN_DRIVERS) {
    it(`catches a driver that ${fault}`, async () => {
      const failed = await failures(memoryHarness(wrap));
      expect(failed.filter((name) => name.includes(caughtBy))).toHaveLength(1);
    });
  }
});
