/** Which Argosy the commands talk to: `ARGOSY_API` and `ARGOSY_KEY`, else the one that holds the data folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHolder } from '../kit/folder.ts';
import { cliProblem, nobody } from './problem.ts';

export interface Server {
  /** Without a slash at its end. */
  readonly api: string;
  readonly key: string;
}

export interface WhereToLook {
  /** `--data`: wins over the environment. */
  readonly data?: string | undefined;
  /** `--config` */
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws CliProblem server_unreachable, unauthenticated, config_* */
export async function findServer(where: WhereToLook): Promise<Server> {
  const { ARGOSY_API: api, ARGOSY_KEY: key } = where.env;
  if (api && where.data === undefined) return namedServer(api, key);
  const folder = await dataFolder(where);
  const found = holderApi(folder);
  return { api: found, key: key && where.data === undefined ? key : ownerKey(folder) };
}

/** The folder's key is never sent to a server that the environment names: it may be anyone's. */
function namedServer(api: string, key: string | undefined): Server {
  if (!URL.canParse(api) || !/^https?:$/.test(new URL(api).protocol)) {
    throw cliProblem('config_invalid', 'ARGOSY_API: must be a URL such as http://127.0.0.1:7300.', {
      next: 'help',
    });
  }
  if (!key) {
    throw cliProblem('unauthenticated', 'ARGOSY_API is set, and ARGOSY_KEY is not: set both, or neither.');
  }
  return { api: api.replace(/\/+$/, ''), key };
}

async function dataFolder({ data, config, env }: WhereToLook): Promise<string> {
  const named = data ?? (env.ARGOSY_DATA || undefined);
  if (named !== undefined) return named;
  // Reading the configuration takes longer than most commands do: it is loaded where there is one to read.
  if (config === undefined && !existsSync(CONFIG_FILE)) return DEFAULT_FOLDER;
  const { readConfig } = await import('../config.ts');
  return readConfig({ file: config ?? null, env, flags: {} }).data;
}

const CONFIG_FILE = 'argosy.yaml';
const DEFAULT_FOLDER = '.argosy';

function holderApi(folder: string): string {
  const holder = readOrNull(() => readHolder(folder));
  if (holder === null) throw nobody(`None uses the data folder ${folder}.`);
  if (holder.api !== null) return holder.api;
  throw cliProblem(
    'server_unreachable',
    `The Argosy of process ${holder.pid} is still starting; try again in some seconds.`,
    { next: 'nodes' },
  );
}

function ownerKey(folder: string): string {
  const file = join(folder, 'owner.key');
  const key = readOrNull(() => readFileSync(file, 'utf8').trim());
  if (key) return key;
  throw cliProblem('unauthenticated', `${file} cannot be read: be its owner, or set ARGOSY_KEY.`);
}

function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
