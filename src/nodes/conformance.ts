/**
 * What every driver must pass: `conformance('lnd', harness)` in a test file registers one test a sentence.
 * The cases are values (`casesFor`), so that they also run without vitest: see `memory/broken.test.ts`.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { casesFor } from './conformance/cases.ts';
import { KNOWN_FACETS } from './conformance/known_facets.ts';
import type { Harness, World } from './conformance/world.ts';

export { casesFor } from './conformance/cases.ts';
export { KNOWN_FACETS } from './conformance/known_facets.ts';
export type { Case, DriverName, Harness, World } from './conformance/world.ts';

export function conformance(name: string, harness: Harness): void {
  const patience = harness.patienceMs ?? 30_000;
  describe(`${name} as a Lightning node`, () => {
    let world: World | undefined;
    beforeAll(async () => {
      world = await harness.open();
    }, patience);
    afterAll(async () => {
      await world?.close();
    }, patience);
    for (const { name: sentence, run } of casesFor(new Set(KNOWN_FACETS[harness.driver]))) {
      it(sentence, { timeout: patience }, async () => {
        if (world === undefined) throw new Error('the world did not open');
        await run(world, harness);
      });
    }
  });
}
