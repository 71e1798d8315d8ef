/**
 * The data folder: private to its owner, used by one process at a time, marked with the version of its format.
 *
 * The lock is an exclusive SQLite transaction on the file `lock`: a lock of the operating system, which goes with
 * the process however it ends. Nothing else may open that file in this process: POSIX drops a file's locks when any
 * of its handles is closed. Who holds it stands beside it, in `holder.json`.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Refusal, refusal } from './refusal.ts';

/** The format that this code reads and writes. */
export const FOLDER_FORMAT = 1;

/** A file of this name: the books of real nodes, or the key of their vault, are here, and no command forgets them. */
export const OWN_FLEET_MARK = 'own-fleet';

export interface Folder {
  /** Absolute. */
  readonly path: string;
  /** The text of a small file, or null when there is none. */
  readFile(name: string): string | null;
  /** Replaces a small file as a whole, readable by its owner alone, on disk when this returns. */
  writeFile(name: string, text: string): void;
  removeFile(name: string): void;
  /** Lets others find the running API, and lets a refused second start name it. */
  announce(apiUrl: string): void;
  /** Gives the folder free. Idempotent. */
  close(): void;
}

export interface Holder {
  readonly pid: number;
  /** Where its API listens, once it does. */
  readonly api: string | null;
}

export type OpenedFolder =
  | { readonly kind: 'open'; readonly folder: Folder }
  | Refusal<'folder_in_use' | 'folder_newer' | 'folder_unusable'>;

/** Opens the data folder, or makes it. A refusal leaves it as it was. */
export function openFolder(path: string): OpenedFolder {
  const absolute = resolve(path);
  try {
    const refused = inspect(absolute);
    if (refused !== null) return refused;
    mkdirSync(absolute, { recursive: true, mode: 0o700 });
    const lock = takeLock(absolute);
    if (lock === null) return inUse(absolute);
    // Between the first look and the lock another process may have come and gone.
    const refusedNow = inspect(absolute);
    if (refusedNow !== null) {
      lock.close();
      return refusedNow;
    }
    return { kind: 'open', folder: claim(absolute, lock) };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return unusable(
      absolute,
      UNUSABLE[error.code ?? ''] ?? `cannot be used (${error.message})`,
      'Correct that',
    );
  }
}

/** Who uses the folder at `path`, as its last holder has written it: after a crash that may be out of date. */
export function readHolder(path: string): Holder | null {
  const text = readText(join(path, 'holder.json'));
  if (text === null) return null;
  try {
    const { pid, api } = JSON.parse(text) as Partial<Holder>;
    return Number.isSafeInteger(pid) ? { pid: Number(pid), api: typeof api === 'string' ? api : null } : null;
  } catch {
    return null;
  }
}

const UNUSABLE: Readonly<Record<string, string>> = {
  EACCES: 'is not readable and writable for this user',
  EROFS: 'lies on a read-only file system',
  ENOTDIR: 'lies under something that is not a folder',
  EEXIST: 'lies under something that is not a folder',
  ENOSPC: 'lies on a full disk',
};

/** Looks without touching. Null: it may be opened, or does not exist yet. */
function inspect(path: string): Refusal<'folder_newer' | 'folder_unusable'> | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isDirectory()) return unusable(path, 'is not a folder', 'Remove that file');
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  const format = readText(join(path, 'format'));
  if (format === null) {
    const foreign = readdirSync(path).some((name) => !OWN_BEFORE_FORMAT.has(name));
    return foreign ? unusable(path, 'holds something else', 'Choose an empty folder or a new one') : null;
  }
  const number = /^\d{1,9}\n?$/.test(format) ? Number(format) : Number.NaN;
  if (Number.isNaN(number)) return unusable(path, 'has a damaged file "format"', 'Restore it from a backup');
  if (number <= FOLDER_FORMAT) return null;
  return refusal(
    'folder_newer',
    `The data folder ${path} has format ${number}, and this Argosy knows up to ${FOLDER_FORMAT}. ` +
      'Start the newer Argosy that wrote it, or choose another data folder.',
  );
}

/** What a start that died early may have left, and what a freshly made file system holds. */
const OWN_BEFORE_FORMAT = new Set([
  'lock',
  'lock-journal',
  'holder.json',
  'holder.json.tmp',
  'format.tmp',
  'lost+found',
]);

/** Null: another process has it, or another part of this one. */
function takeLock(path: string): DatabaseSync | null {
  const file = join(path, 'lock');
  createPrivately(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;

/** SQLite would make the file readable for all. Never opens one that exists: closing it could drop the lock. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
  }
}

/** Keeps the locks from the garbage collector, which would close them in the middle of a run. */
const held = new Set<DatabaseSync>();

function claim(path: string, lock: DatabaseSync): Folder {
  held.add(lock);
  tighten(path);
  const writeFile = (name: string, text: string): void => writeDurably(path, checkedName(name), text);
  const removeFile = (name: string): void => rmSync(join(path, checkedName(name)), { force: true });
  const hold = (api: string | null): void =>
    writeFile('holder.json', `${JSON.stringify({ pid: process.pid, api } satisfies Holder)}\n`);
  hold(null);
  if (readText(join(path, 'format')) === null) writeFile('format', `${FOLDER_FORMAT}\n`);
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    removeFile('holder.json');
    lock.close();
    held.delete(lock);
  };
  const readFile = (name: string): string | null => readText(join(path, checkedName(name)));
  return { path, readFile, writeFile, removeFile, announce: hold, close };
}

/**
 * A folder that came with the machine, such as a mounted volume, is often open to all. Passing through may stay
 * allowed, a server under another user needs that: every file in here is private by itself.
 */
function tighten(path: string): void {
  const { mode, uid } = statSync(path);
  const mine = process.geteuid?.() === uid || process.geteuid?.() === 0;
  if (mine && (mode & 0o066) !== 0) chmodSync(path, mode & 0o7711);
}

/** A crash at any moment leaves the old file or the new one, never half of one; readable by its owner alone. */
export function writeDurably(path: string, name: string, text: string): void {
  const temporary = join(path, `${name}.tmp`);
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, join(path, name));
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function checkedName(name: string): string {
  if (!/^[a-z][a-z0-9.-]*$/.test(name) || name.startsWith('lock'))
    throw new TypeError(`not a file name: ${name}`);
  return name;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

function inUse(path: string): Refusal<'folder_in_use'> {
  const holder = readHolder(path);
  const process = holder === null ? 'another process' : `process ${holder.pid}`;
  const api = !holder?.api ? '' : `, at ${holder.api}`;
  return refusal(
    'folder_in_use',
    `The data folder ${path} is in use by ${process}${api}. Use that Argosy, stop it, or choose another data folder.`,
  );
}

const unusable = (path: string, what: string, wayOut: string): Refusal<'folder_unusable'> =>
  refusal('folder_unusable', `The data folder ${path} ${what}. ${wayOut}, or choose another data folder.`);

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;
