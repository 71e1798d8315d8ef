/**
 * What every driver must pass: `conformance('lnd', harness)` in a test file registers one test a sentence.
 * The cases are values (`casesFor`), so that they also run without vitest: see `memory/broken.test.ts`.
 */
import { afterAll, describe, it } from 'vitest';
import { casesFor } from './conformance/cases.ts';
import { KNOWN_FACETS } from './conformance/known_facets.ts';
import type { Harness, World } from './conformance/world.ts';

export { casesFor } from './conformance/cases.ts';
export { KNOWN_FACETS } from './conformance/known_facets.ts';
export type { Case, DriverName, Harness, World } from './conformance/world.ts';

export function conformance(name: string, harness: Harness): void {
  const patience = harness.patienceMs ?? 30_000;
  describe(`${name} as a Lightning node`, () => {
    let world: World | null = null;
    afterAll(() => world?.close(), patience);
    for (const { name: sentence, run } of casesFor(new Set(KNOWN_FACETS[harness.driver]))) {
      it(sentence, { timeout: patience }, async () => {
        const here = world ?? (await harness.open());
        world = null; // a case that fails, or hangs, leaves no world to the next
        try {
          await run(here, harness);
          world = here;
        } catch (failure) {
          await here.close().catch(() => {});
          throw failure;
        }
      });
    }
  });
}
