/**
 * What the simulation puts in the place of product modules, as the process loads them: the model of the store, ids out
 * of the seed, signatures without a curve. Nothing else; the product has no hook for it.
 */
import { registerHooks } from 'node:module';

const ROOT = new URL('../', import.meta.url).href;

/** The SQL store modules and their models. */
export const MODELS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'kit/effect-store.ts',
    'kit/outbox-store.ts',
    'kit/idempotency-store.ts',
    'ledger/store.ts',
    'access/store.ts',
    'fleet/past-store.ts',
    'fleet/process-store.ts',
    'fleet/store.ts',
    'fleet/switch-store.ts',
    'payments/store.ts',
    'payments/attempt-store.ts',
    'payments/claim-store.ts',
    'payments/foreign-store.ts',
    'payments/invoice-store.ts',
  ].map((file) => [`src/${file}`, `sim/model/${file}`]),
);

const FAKES: Readonly<Record<string, string>> = {
  'src/kit/ids.ts': 'sim/fakes/ids.ts',
  'src/lightning/bolt11-signature.ts': 'sim/fakes/bolt11-signature.ts',
  'src/nodes/memory/seeded.ts': 'sim/fakes/seeded.ts',
  'src/nodes/memory/signature.ts': 'sim/fakes/signature.ts',
};

/** A change of a module's text as it is loaded. */
export interface Rewrite {
  /** From the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/**
 * From here on imports get the substitutes. Models import the types and constants of what they stand for: within
 * `sim/` nothing is substituted.
 */
export function substitute(table: Readonly<Record<string, string>>, rewrites: readonly Rewrite[] = []): void {
  const inPlace = new Map(
    Object.entries({ ...FAKES, ...table }).map(([real, fake]) => [ROOT + real, ROOT + fake]),
  );
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const fake = inPlace.get(found.url);
      if (fake === undefined || context.parentURL === fake) return found;
      return { ...found, url: fake };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const mine = rewrites.filter(({ file }) => ROOT + file === url);
      if (mine.length === 0) return loaded;
      let source = String(loaded.source);
      for (const { file, find, put } of mine) {
        if (source.split(find).length !== 2) throw new Error(`${file} does not have exactly once: ${find}`);
        source = source.replace(find, () => put);
      }
      return { ...loaded, source };
    },
  });
}
