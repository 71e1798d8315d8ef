/** The configuration: flags > environment > `argosy.yaml`, checked once, frozen. Unknown keys are errors. */
import { existsSync, readFileSync } from 'node:fs';
import { type Document, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { Problem } from './kit/problems.ts';

const listen = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/i, 'must be HOST:PORT, such as 127.0.0.1:7300');

const doors = z.strictObject({
  enabled: z.boolean('must be true or false').default(true),
  rpc: listen.optional(),
  peers: z.record(z.string(), listen).default({}),
});

const schema = z.strictObject({
  network: z.enum(['regtest', 'signet', 'testnet', 'bitcoin'], 'must be regtest').default('regtest'),
  listen: listen.default('127.0.0.1:7300'),
  data: z.string().min(1).default('.argosy'),
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
        .optional(),
      url_file: z.string().min(1).optional(),
    })
    .default({}),
  practice: z.strictObject({ doors: doors.prefault({}) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn') })
    .default({ level: 'warn' }),
});

export interface Config {
  readonly network: 'regtest';
  readonly listen: Address;
  /** The data folder. */
  readonly data: string;
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** Where nodes from outside come into the practice world; what is not set gets a free port. */
  readonly doors: {
    readonly enabled: boolean;
    readonly rpc: Address | null;
    readonly peers: Readonly<Record<string, Address>>;
  };
  readonly logLevel: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConfigSources {
  /** Null: `argosy.yaml` if there is one. */
  readonly file: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: { readonly data?: string; readonly listen?: string };
}

export const DEFAULT_FILE = 'argosy.yaml';

/** @throws Problem config_invalid, config_unknown_key, network_refused: with the line and the way out */
export function readConfig(sources: ConfigSources): Config {
  const { env, flags } = sources;
  const file = sources.file ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
  const written = file === null ? null : readYaml(file);
  const tree = treeOf(written);
  const overridden = {
    ...tree,
    ...present('data', flags.data ?? env.ARGOSY_DATA),
    ...present('listen', flags.listen ?? env.ARGOSY_LISTEN),
    ...(env.ARGOSY_DATABASE_URL === undefined ? {} : { database: { url: env.ARGOSY_DATABASE_URL } }),
  };
  const parsed = schema.safeParse(overridden);
  if (!parsed.success) throw explain(parsed.error.issues[0], written);
  const { network, data, database, practice, log } = parsed.data;
  if (network !== 'regtest') {
    throw new Problem(
      'network_refused',
      `network${at(written, ['network'])}: ${network} is refused until the guard and the exactly-once work have landed; use regtest.`,
      { field: 'network' },
    );
  }
  return Object.freeze({
    network,
    listen: readAddress('listen', parsed.data.listen),
    data,
    databaseUrl: database.url_file === undefined ? (database.url ?? null) : readSecret(database.url_file),
    doors: readDoors(practice.doors),
    logLevel: log.level,
  });
}

function treeOf(written: Written | null): Record<string, unknown> {
  const tree: unknown = written?.document.toJS() ?? {};
  if (typeof tree === 'object' && tree !== null && !Array.isArray(tree))
    return tree as Record<string, unknown>;
  throw new Problem('config_invalid', `${written?.file}:1: write keys with values; see argosy.example.yaml.`);
}

const present = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });

function readDoors({ enabled, rpc, peers }: z.infer<typeof doors>): Config['doors'] {
  const field = 'practice.doors';
  return {
    enabled,
    rpc: rpc === undefined ? null : readAddress(`${field}.rpc`, rpc),
    peers: Object.fromEntries(
      Object.entries(peers).map(([name, text]) => [name, readAddress(`${field}.peers.${name}`, text)]),
    ),
  };
}

function readAddress(field: string, text: string): Address {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (port > 65_535) throw new Problem('config_invalid', `${field}: the port is at most 65535.`, { field });
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Problem(
      'config_invalid',
      `database.url_file: ${file} cannot be read; check the path and its rights.`,
      {
        field: 'database.url_file',
      },
    );
  }
}

interface Written {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function readYaml(file: string): Written {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Problem('config_invalid', `${file}: cannot be read; check the path and its rights.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new Problem('config_invalid', `${file}:${line}: ${error.message.split('\n')[0]}`);
  }
  return { file, document, lines };
}

/** ` (argosy.yaml:3)` where the key was written; '' where it came from a flag or the environment. */
function at(written: Written | null, path: readonly PropertyKey[]): string {
  if (written === null) return '';
  const keys = path.map(String);
  const parent =
    keys.length === 1 ? written.document.contents : written.document.getIn(keys.slice(0, -1), true);
  const pairs = (parent as { items?: { key: Node }[] } | null)?.items ?? [];
  const key = pairs.map((pair) => pair.key).find((node) => isScalar(node) && node.value === keys.at(-1));
  return key?.range == null ? '' : ` (${written.file}:${written.lines.linePos(key.range[0]).line})`;
}

function explain(issue: z.core.$ZodIssue | undefined, written: Written | null): Problem {
  if (issue === undefined) return new Problem('config_invalid', 'The configuration is not valid.');
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? ''];
    const field = path.map(String).join('.');
    return new Problem(
      'config_unknown_key',
      `${field}${at(written, path)}: Argosy knows no such key${suggestion(String(path.at(-1)), issue.path)}; see argosy.example.yaml.`,
      { field },
    );
  }
  const field = issue.path.map(String).join('.');
  return new Problem('config_invalid', `${field}${at(written, issue.path)}: ${issue.message}.`, { field });
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(schema.shape),
  database: ['url', 'url_file'],
  practice: ['doors'],
  'practice.doors': Object.keys(doors.shape),
  log: ['level'],
};

/** "; did you mean listen?" for a key that is one or two letters off. */
function suggestion(key: string, parent: readonly PropertyKey[]): string {
  const near = (KNOWN[parent.map(String).join('.')] ?? []).find((known) => distance(key, known) <= 2);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      const swap = (row[j] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
