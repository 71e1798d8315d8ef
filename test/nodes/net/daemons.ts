/** Where `.ci/daemons` puts what it brings, and whether it has. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'argosy', 'daemons');
const PINS = new URL('../daemons/', import.meta.url);

/** One folder for each state of the pins: another version is another build. */
function builtFolder(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'tags']) hash.update(readFileSync(new URL(file, PINS)));
  return join(CACHE, hash.digest('hex').slice(0, 12));
}

export type DaemonName = 'lnd' | 'lncli' | 'btcd' | 'btcctl' | 'bitcoind';

export const programOf = (name: DaemonName): string =>
  name === 'bitcoind'
    ? process.env.ARGOSY_BITCOIND || join(CACHE, 'bitcoin-knots', name)
    : join(builtFolder(), name);

/** What is missing and what brings it, or null: for `describe.skipIf` and for people. */
export function missingDaemons(...names: readonly DaemonName[]): string | null {
  const missing = names.filter((name) => !existsSync(programOf(name)));
  return missing.length === 0
    ? null
    : `${missing.join(' and ')} not there yet (bring them with: .ci/daemons)`;
}
