import { dirname } from 'node:path';
import {
  ASKS_SQL,
  BANNED_NAMES,
  CLIENT,
  CLIENT_OF,
  IMPURE,
  LINES_MAX,
  LONGER,
  MAY_START,
  MONEY_TABLES,
  MOVES_MONEY,
  NO_DRIVERS,
  OPENS_DRIVERS,
  PACKAGES,
  PAGES,
  PURE,
  ROOTS,
  ROWS,
  WRITES_SQL,
} from './rooms.ts';
import type { Import, SourceFile } from './source.ts';

/** What is wrong with one file, as sentences; none when nothing is. */
export type Rule = (file: SourceFile) => string[];

/** `src/payments/plan.ts` -> `payments/plan.ts`; null outside `src/` and for tests. */
function placeOf(path: string): string | null {
  return path.startsWith('src/') && !isTest(path) ? path.slice('src/'.length) : null;
}

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path) || /^(test|bench)\//.test(path);

/** The room, or the file's own name at the root of `src/`. */
const roomOf = (place: string): string => place.split('/')[0] ?? place;

function rowOf(room: string): number {
  const root = ROOTS.indexOf(room);
  if (root >= 0) return ROWS.length + root;
  const row = ROWS.findIndex((rooms) => rooms.includes(room));
  return row >= 0 ? row : ROWS.length - 1;
}

/** A rule about the imports of product files. */
const importRule =
  (complaint: (place: string, target: Import) => string | null): Rule =>
  (file) => {
    const place = placeOf(file.path);
    if (place === null) return [];
    return file.imports.map((target) => complaint(place, target)).filter((text) => text !== null);
  };

const direction = importRule((place, { to, own, typeOnly }) => {
  if (PAGES.test(place) && dirname(to) !== dirname(`src/${place}`)) return `imports ${to}: no browser has it`;
  if (!own) return null;
  const target = placeOf(to);
  if (target === null) return `imports ${to}, which is no part of the product`;
  if (PAGES.test(target) && !PAGES.test(place)) return `imports ${target}, which only a browser runs`;
  const [from, room] = [roomOf(place), roomOf(target)];
  if (from === room || MAY_START[from] === room || (from === CLIENT && typeOnly)) return null;
  const allowed = room === CLIENT ? CLIENT_OF.has(from) : rowOf(room) < rowOf(from);
  if (allowed) return null;
  return `imports ${target}: ${from} may not know ${room}`;
});

const drivers = importRule((place, { to, own }) => {
  const target = own ? placeOf(to) : null;
  const driver = /^nodes\/([^/]+)\//.exec(target ?? '')?.[1];
  if (driver === undefined || NO_DRIVERS.has(driver) || place.startsWith(`nodes/${driver}/`)) return null;
  return OPENS_DRIVERS.test(place) ? null : `imports ${target}: a driver is opened by nodes/open.ts`;
});

const packages = importRule((place, { to, own, typeOnly }) => {
  if (own) return null;
  if (roomOf(place) === CLIENT && !typeOnly) return `imports ${to}, and has nothing but its platform`;
  const owner = PACKAGES.find(([name]) => name.test(to));
  return owner === undefined || owner[1].test(place) ? null : `imports ${to}, which belongs elsewhere`;
});

const isPure = (place: string): boolean => PURE.some((pattern) => pattern.test(place));

const purity: Rule = (file) => {
  const place = placeOf(file.path);
  if (place === null || !isPure(place)) return [];
  const said = IMPURE.filter(([pattern]) => pattern.test(file.code)).map(
    ([, verb]) => `${verb}, and is pure`,
  );
  return [...said, ...file.imports.map(impureImport).filter((text) => text !== null)];
};

/** A pure file runs pure files and the mathematics of these; types it may take from anywhere. */
function impureImport({ to, own, typeOnly }: Import): string | null {
  if (typeOnly) return null;
  const target = own ? placeOf(to) : null;
  const pure = own ? target !== null && isPure(target) : /^(@noble\/|@scure\/|tiny-secp256k1$)/.test(to);
  return pure ? null : `imports ${to}, and is pure`;
}

const money: Rule = (file) => {
  const place = placeOf(file.path);
  if (place === null || MOVES_MONEY.test(place)) return [];
  const statement = MONEY_TABLES.exec(file.withStrings)?.[0];
  return statement === undefined ? [] : [`says "${statement}": money moves only in ledger.post()`];
};

const sql: Rule = (file) => {
  const place = placeOf(file.path);
  if (place === null || WRITES_SQL.test(place)) return [];
  return ASKS_SQL.test(file.withStrings) ? ['has SQL, which lies in store files'] : [];
};

const length: Rule = ({ path, lines }) => {
  const allowed = LONGER[path];
  if (lines > (allowed ?? LINES_MAX)) return [`has ${lines} lines of ${allowed ?? LINES_MAX}`];
  return allowed !== undefined && lines <= LINES_MAX ? ['is short again: take it out of LONGER'] : [];
};

const names: Rule = ({ path }) => (BANNED_NAMES.test(path) ? ['has a name that says nothing'] : []);

/** `any` as a type: after what a type follows, and not the name of a member. */
const ANY = /(?:[:<|&,=(]|\bas|\bextends|=>)\s*any\b(?!\s*[(:])/;

const types: Rule = ({ path, code, comments }) => [
  ...(ANY.test(code) ? ['says any'] : []),
  ...(/@ts-(ignore|nocheck)/.test(comments) ? ['silences the type checker'] : []),
  ...(/@ts-expect-error/.test(comments) && !isTest(path) ? ['expects a type error outside a test'] : []),
];

export const RULES = {
  direction,
  drivers,
  packages,
  purity,
  money,
  sql,
  length,
  names,
  types,
} satisfies Record<string, Rule>;

/** Files that import each other in a ring, each ring as `a.ts -> b.ts -> a.ts`. Types do not count. */
export function importRings(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map(({ path, imports }) => [path, imports.filter((to) => to.own && !to.typeOnly)]),
  );
  const done = new Set<string>();
  const rings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const begin = trail.indexOf(path);
    if (begin >= 0) rings.push([...trail.slice(begin), path].join(' -> '));
    if (begin >= 0 || done.has(path)) return;
    for (const { to } of targets.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return rings;
}
