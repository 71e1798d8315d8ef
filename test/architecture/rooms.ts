/** CONVENTIONS.md as tables: who may import whom, what is pure, which package belongs where. */

/**
 * The direction of imports: a room may import those of the rows above its own, never a neighbour in its row. A room
 * that is not named is a feature room: it stands in the last row.
 */
export const ROWS: readonly (readonly string[])[] = [
  ['money'],
  ['lightning', 'sdk'],
  ['nodes', 'kit', 'routing'],
  ['access', 'ledger', 'config.ts'],
  ['fleet'],
  ['payments'],
  ['liquidity'],
  ['practice', 'cli', 'ui'],
];
/** They put the rooms together, in this order: each may import everything before it. */
export const ROOTS: readonly string[] = ['engine.ts', 'system.ts', 'main.ts'];
/** The command line is the program: its `up` starts what `main.ts` has put together. */
export const MAY_START: Readonly<Record<string, string>> = { cli: 'main.ts' };
/**
 * The client of the API runs wherever its user does: at run time it has itself and the rooms of the rows above its own,
 * and no package. Types it may take from anywhere, since they are gone then. Only these rooms may import it.
 */
export const CLIENT = 'sdk';
export const CLIENT_OF: ReadonlySet<string> = new Set(['cli']);

/** What a browser runs as it is: it has its own folder and nothing else. Below `src/`. */
export const PAGES = /^ui\/[a-z]+\/.*\.js$/;

/** Decisions: no waiting, no clock, no chance, no machine. Paths below `src/`. */
export const PURE: readonly RegExp[] = [
  /^money\//,
  /^lightning\//,
  /^routing\//,
  /^payments\/payment\.ts$/,
  /^liquidity\/(order|booking)\.ts$/,
  /^ledger\/account\.ts$/,
  /^fleet\/(booking|chain-view|share|standing)\.ts$/,
  /^access\/permission\.ts$/,
  /^kit\/chance\.ts$/,
  /^nodes\/[a-z]+\/map\.ts$/,
  /^ui\/map\/(curve|graph|layout|legs|lines|words)\.js$/,
  /(^|[/_-])plan\.ts$/,
  /(^|[/_-])decide\.ts$/,
];

/** What pure files may not say, and why. */
export const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\b(async|await|Promise)\b/, 'waits'],
  [/\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(|\bperformance\b/, 'reads the clock'],
  [/\bMath\.random\b|\bcrypto\.|\brandomBytes\b/, 'takes chances'],
  [/\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, 'schedules'],
  [/\bprocess\.|\bglobalThis\b|\bfetch\(|\bconsole\b/, 'touches the machine'],
  [/\b(document|window|location|history|sessionStorage)\./, 'touches the page'],
];

/** Packages that belong to some files alone: the package, or a part of it, and the paths below `src/`. */
export const PACKAGES: readonly (readonly [RegExp, RegExp])[] = [
  [/^lightningdevkit(\/|$)/, /^nodes\/ldk\//],
  [/^pg(\/|$)/, /^kit\//],
  [/^@hono\/node-server(\/|$)/, /^(kit\/|main\.ts$)/],
  [/^@hono\/zod-openapi(\/|$)/, /^kit\/|(^|[/-])(routes|schemas|shapes|http)\.ts$/],
  [/^hono(\/|$)/, /^kit\/|(^|[/-])(routes|http)\.ts$|^system\.ts$/],
  [/^pino(\/|$)/, /^kit\/log\.ts$/],
  [/^yaml(\/|$)/, /^config\.ts$/],
  [/^commander(\/|$)/, /^cli\//],
  // The suite that every driver must pass lies beside the port.
  [/^vitest(\/|$)/, /^nodes\/conformance\.ts$/],
  [/^(fast-check|typescript)(\/|$)/, /^$/],
];

/** Folders of `src/nodes/` that are no drivers. */
export const NO_DRIVERS: ReadonlySet<string> = new Set(['conformance']);
/** Who may name a driver, below `src/`; tests and benches may as well. */
export const OPENS_DRIVERS = /^(nodes\/open\.ts$|practice\/|sim\/)/;

/** Money moves only in `ledger.post()`: who may write these tables, below `src/`. */
export const MONEY_TABLES =
  /\b(insert\s+into|update|delete\s+from|truncate(\s+table)?|merge\s+into)\s+(only\s+)?"?(transfer|account)\b/i;
export const MOVES_MONEY = /^ledger\/store\.ts$/;

/** SQL lies in files of its own, function by function: who may write it, below `src/`. The practice world keeps its own database. */
export const WRITES_SQL =
  /(^|[/-])store\.ts$|^kit\/(db|migrate|listen|postgres[a-z-]*)\.ts$|^fleet\/(journal|vault)\.ts$|^nodes\/ldk\/|^practice\//;
export const ASKS_SQL = /\.(query|maybe|one)(<[^()]*>)?\(\s*['"`]/;

export const LINES_MAX = 400;
/** Longer for a reason, up to what is said here; goes as soon as the file is short enough. */
export const LONGER: Readonly<Record<string, number>> = { 'src/nodes/lnd/proto/lightning.ts': 1000 };

export const BANNED_NAMES = /(^|[/._-])(utils?|helpers?|managers?)(?=[/._-]|$)|(Utils?|Helpers?|Manager)\b/;
