/** The configuration: flags > environment > `argosy.yaml`, checked once, frozen. Unknown keys are errors. */
import { existsSync, readFileSync } from 'node:fs';
import { type Document, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { Problem } from './kit/problems.ts';
import { DEFAULT_RETENTION, type RetentionDays } from './kit/retention.ts';
import { type NodeId, nodeId } from './lightning/ids.ts';
import { fromSat, type Msat } from './money/msat.ts';

const listen = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/i, 'must be HOST:PORT, such as 127.0.0.1:7300');

const doors = z.strictObject({
  enabled: z.boolean('must be true or false').default(true),
  rpc: listen.optional(),
  peers: z.record(z.string(), listen).default({}),
});

const path = z.string().min(1);
const days = (most: number) =>
  z.int('must be a whole number of days').min(1, 'must be at least 1 day').default(most);
const credentials = z.union(
  [
    z.literal('vault'),
    z.strictObject({ file: path }),
    z.strictObject({ env: path }),
    z.strictObject({ address: listen, cert_file: path, macaroon_file: path }),
  ],
  'must be vault, { file: PATH } or { env: NAME } of an lndconnect URI, or { address, cert_file, macaroon_file }',
);
const ownNode = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and dashes'),
  region: z.string().min(1).max(40),
  driver: z.literal('lnd', 'must be lnd').default('lnd'),
  credentials: credentials.default('vault'),
  exposure_sat_max: z.int('must be a whole number of sat').positive('must be above zero').optional(),
});
const ownNodes = z.array(ownNode).superRefine((nodes, context) => {
  for (const [index, { id }] of nodes.entries()) {
    if (nodes.findIndex((other) => other.id === id) === index) continue;
    context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} is the name of two nodes` });
  }
});

const schema = z.strictObject({
  network: z
    .enum(['regtest', 'signet', 'testnet', 'bitcoin'], 'must be regtest, signet or testnet')
    .default('regtest'),
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
  nodes: ownNodes.optional(),
  vault: z.strictObject({ key_file: path.optional() }).default({}),
  retention: z
    .strictObject({
      events_days: days(DEFAULT_RETENTION.events),
      answers_days: days(DEFAULT_RETENTION.answers),
      plans_days: days(DEFAULT_RETENTION.plans),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn') })
    .default({ level: 'warn' }),
});

/** Where the credentials of a node lie. `uri`: a file or a variable of the environment that holds an lndconnect URI. */
export type CredentialSource =
  | { readonly kind: 'vault' }
  | { readonly kind: 'uri_file'; readonly file: string }
  | { readonly kind: 'uri_env'; readonly name: string }
  | {
      readonly kind: 'files';
      readonly address: string;
      readonly certFile: string;
      readonly macaroonFile: string;
    };

/** A node of the own fleet, as `argosy.yaml` names it. */
export interface ConfiguredNode {
  readonly id: NodeId;
  readonly region: string;
  readonly driver: 'lnd';
  readonly credentials: CredentialSource;
  /** The most that the node may hold, in channels and coins. Null: no limit. */
  readonly exposureMsatMax: Msat | null;
}

export interface Config {
  readonly network: 'regtest' | 'signet' | 'testnet';
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
  /** The own fleet; it may be empty, and grow by `argosy node add`. Null: the practice fleet. */
  readonly nodes: readonly ConfiguredNode[] | null;
  /** The key of the vault, 32 bytes in hex, as the environment gives it, or the file that holds it. Null: in the data folder. */
  readonly vaultKey: { readonly hex: string } | { readonly file: string } | null;
  /** For how long is kept what is not kept for ever. */
  readonly retention: RetentionDays;
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
  const { network, data, database, practice, nodes, vault, retention, log } = parsed.data;
  const where = `network${at(written, ['network'])}`;
  if (network === 'bitcoin') throw networkRefused(`${where}: ${MAINNET_REFUSED}`);
  if (network !== 'regtest' && nodes === undefined) {
    throw networkRefused(
      `${where}: the practice fleet runs on regtest; for ${network} name your own nodes (nodes:), see argosy.example.yaml.`,
    );
  }
  return Object.freeze({
    network,
    listen: readAddress('listen', parsed.data.listen),
    data,
    databaseUrl: database.url_file === undefined ? (database.url ?? null) : readSecret(database.url_file),
    doors: readDoors(practice.doors),
    nodes: nodes?.map((node) => readNode(node)) ?? null,
    vaultKey: readVaultKey(env.ARGOSY_VAULT_KEY, vault.key_file),
    retention: {
      events: retention.events_days,
      answers: retention.answers_days,
      plans: retention.plans_days,
    },
    logLevel: log.level,
  });
}

const MAINNET_REFUSED =
  'bitcoin is refused: real money waits until the exactly-once, guard and access work has landed, with a cap for each node. Use regtest, signet or testnet.';

const networkRefused = (detail: string): Problem =>
  new Problem('network_refused', detail, { field: 'network' });

function readNode({
  credentials: source,
  exposure_sat_max,
  ...node
}: z.infer<typeof ownNode>): ConfiguredNode {
  return {
    id: nodeId(node.id),
    region: node.region,
    driver: node.driver,
    credentials: readSource(source),
    exposureMsatMax: exposure_sat_max === undefined ? null : fromSat(BigInt(exposure_sat_max)),
  };
}

function readSource(source: z.infer<typeof credentials>): CredentialSource {
  if (source === 'vault') return { kind: 'vault' };
  if ('file' in source) return { kind: 'uri_file', file: source.file };
  if ('env' in source) return { kind: 'uri_env', name: source.env };
  const { address, cert_file, macaroon_file } = source;
  return { kind: 'files', address, certFile: cert_file, macaroonFile: macaroon_file };
}

function readVaultKey(hex: string | undefined, file: string | undefined): Config['vaultKey'] {
  if (!hex) return file === undefined ? null : { file };
  if (/^[0-9a-f]{64}$/i.test(hex)) return { hex };
  throw new Problem(
    'config_invalid',
    'ARGOSY_VAULT_KEY: must be 32 bytes in hex; make one with `openssl rand -hex 32`.',
    {
      field: 'ARGOSY_VAULT_KEY',
    },
  );
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
  // An item of a list has no key, and what is missing has none either: it is missing where its parent is.
  const range = (key ?? (written.document.getIn(keys, true) as Node | undefined))?.range;
  if (range != null) return ` (${written.file}:${written.lines.linePos(range[0]).line})`;
  return keys.length > 1 ? at(written, path.slice(0, -1)) : '';
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
  'nodes.*': Object.keys(ownNode.shape),
  'nodes.*.credentials': ['file', 'env', 'address', 'cert_file', 'macaroon_file'],
  vault: ['key_file'],
  retention: ['events_days', 'answers_days', 'plans_days'],
  log: ['level'],
};

/** "; did you mean listen?" for a key that is one or two letters off. */
function suggestion(key: string, parent: readonly PropertyKey[]): string {
  const near = (KNOWN[parent.map(nameOf).join('.')] ?? []).find((known) => distance(key, known) <= 2);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

const nameOf = (step: PropertyKey): string => (typeof step === 'number' ? '*' : String(step));

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
