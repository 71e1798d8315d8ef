/** Which test files are the conformance suite of a driver, and which daemons they need. */
import type { DriverName } from '../../../src/nodes/conformance/world.ts';
import type { DaemonName } from '../net/daemons.ts';

/** The daemons without which nothing of the suite can run; null: there is no such driver yet. */
export const DRIVERS: Readonly<Record<DriverName, readonly DaemonName[] | null>> = {
  memory: [],
  ldk: [],
  lnd: ['lnd', 'btcd'],
  cln: null,
  eclair: null,
};

export const isDriver = (name: string): name is DriverName => Object.hasOwn(DRIVERS, name);

/** Of all files of the checkout: `test/nodes/lnd.test.ts`, `lnd-streams.test.ts`, `src/nodes/lnd/conformance.test.ts`. */
export const suiteOf = (driver: DriverName, files: readonly string[]): string[] => {
  const its = new RegExp(
    `^(test/nodes/${driver}([-_.][^/]*)?\\.test\\.ts|src/nodes/${driver}/conformance\\.test\\.ts)$`,
  );
  return files.filter((file) => its.test(file)).sort();
};
