/** `practice reset`: forgets the practice world and its books, so that the next `up` makes new ones. */
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Folder, OWN_FLEET_MARK, openFolder, readHolder } from '../../kit/folder.ts';
import { removePostgres } from '../../kit/postgres.ts';
import { canAsk, confirm } from '../confirm.ts';
import { cliProblem } from '../problem.ts';
import type { Run, Session } from '../session.ts';

interface ResetOptions {
  readonly yes?: boolean;
}

interface Reset {
  /** The data folder. */
  readonly data: string;
  /** What has been removed of it; empty: there was nothing to forget. */
  readonly removed: readonly string[];
  /** The books are in a database that was given by URL, and still there. */
  readonly books_remain: boolean;
}

/** World first: books without their world are refused at the next start, a world without its books would not be. */
const FORGOTTEN = ['world', 'postgres'] as const;

export function addPracticeReset(practice: Command, run: Run): void {
  practice
    .command('reset')
    .description('Forget the practice world and its books, on a stopped Argosy; the key is kept')
    .option('--yes', 'do not ask (without a terminal nothing is asked)')
    .action(run(reset));
}

async function reset(session: Session, { yes = false }: ResetOptions) {
  const { options, output } = session;
  const { readConfig } = await import('../../config.ts');
  const flags = options.data === undefined ? {} : { data: options.data };
  const config = readConfig({ file: options.config ?? null, env: process.env, flags });
  const data = resolve(config.data);
  const books_remain = config.databaseUrl !== null;
  const folder = existsSync(data) ? lock(data) : null;
  try {
    if (folder !== null) refuseOwnFleet(folder);
    const found = FORGOTTEN.filter((name) => existsSync(join(data, name)));
    if (found.length > 0 && !yes && canAsk() && !(await agreed(data, books_remain))) {
      output.note('Nothing was removed.');
      return 1 as const;
    }
    const removed = folder === null ? [] : await forget(folder, found);
    const result: Reset = { data, removed, books_remain };
    output.show(result, () => resetLines(session, result));
    return 0 as const;
  } finally {
    folder?.close();
  }
}

/** Nothing forgets the books of real nodes. @throws CliProblem folder_of_own_fleet */
function refuseOwnFleet({ path, readFile }: Folder): void {
  if (readFile(OWN_FLEET_MARK) === null) return;
  throw cliProblem(
    'folder_of_own_fleet',
    `The data folder ${path} is that of an own fleet: no practice world is in it. Nothing was removed.`,
  );
}

/** @throws CliProblem folder_in_use, folder_* */
function lock(data: string): Folder {
  const opened = openFolder(data);
  if (opened.kind === 'open') return opened.folder;
  if (opened.code !== 'folder_in_use') throw cliProblem(opened.code, opened.detail);
  const holder = readHolder(data);
  const who = holder === null ? 'Another process' : `Process ${holder.pid}`;
  const where = holder?.api ? `, at ${holder.api}` : '';
  throw cliProblem(
    'folder_in_use',
    `${who} uses the data folder ${data}${where}. Stop that Argosy first (Ctrl-C where it runs); nothing was removed.`,
    { next: 'practice reset' },
  );
}

const agreed = (data: string, booksRemain: boolean): Promise<boolean> =>
  confirm(
    `Forget the practice world in ${data}: its nodes and coins${booksRemain ? '' : ', payments and books'}?`,
  );

async function forget({ path }: Folder, names: readonly (typeof FORGOTTEN)[number][]): Promise<string[]> {
  for (const name of names) {
    const refused = name === 'postgres' ? await removePostgres(path) : removeFolder(join(path, name));
    if (refused !== null) throw cliProblem(refused.code, refused.detail);
  }
  return [...names];
}

function removeFolder(path: string): null {
  rmSync(path, { recursive: true, force: true });
  return null;
}

function resetLines({ output, hint }: Session, { data, removed, books_remain }: Reset): string[] {
  const first =
    removed.length === 0
      ? `There is no practice world in ${data}.`
      : `${output.paint('green', '✓ forgotten')}  the practice world in ${data}; the owner's key is kept`;
  const books = books_remain
    ? ['The database by URL still holds its books, and is yours to empty: the next start wants an empty one.']
    : [];
  return [first, ...books, `A new world: ${hint('up')}`];
}
