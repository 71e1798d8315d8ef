/** What processes use, and which belong together, as Linux tells under /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessUse {
  readonly pid: number;
  /** CPU time so far, with that of children that have ended. */
  readonly cpuMs: number;
  /** Memory, of which what is shared counts in parts: the sum over processes is what all of them take. */
  readonly pssKb: number;
  readonly rssKb: number;
}

/** `getconf CLK_TCK`: 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** The process and all below it; those that end meanwhile are left out. */
export function readProcessTree(root: number): readonly ProcessUse[] {
  const children = new Map<number, number[]>();
  for (const pid of listProcesses()) {
    const parent = readStat(pid)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found.map(readUse).filter((use) => use !== null);
}

/** The processes that work in a folder or below it, by its real path. All of a PostgreSQL server work in its own. */
export const processesIn = (folder: string): readonly number[] =>
  listProcesses().filter((pid) => {
    const at = orNull(() => readlinkSync(`/proc/${pid}/cwd`));
    return at === folder || at?.startsWith(`${folder}/`);
  });

export const parentOf = (pid: number): number | null => readStat(pid)?.parent ?? null;

const listProcesses = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 0);

function readUse(pid: number): ProcessUse | null {
  const stat = readStat(pid);
  const rollup = orNull(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  if (stat === null || rollup === null) return null;
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return { pid, cpuMs: stat.cpuMs, pssKb: kb('Pss'), rssKb: kb('Rss') };
}

/** The fields of proc_pid_stat(5), counted from 1; the second, a name in brackets, may itself hold anything. */
function readStat(pid: number): { readonly parent: number; readonly cpuMs: number } | null {
  const text = orNull(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), cpuMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS };
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
