/**
 * Where a practice world lives between starts: its chain and its nodes, a file each, and `world.json`, which is
 * written last. Without that the world was never finished, nobody has used it, and it is made anew.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../kit/folder.ts';
import { Problem } from '../kit/problems.ts';
import type { NetworkPlan } from './network_plan.ts';
import type { Home } from './world_network.ts';

const FORMAT = 1;
const RECORD = 'world.json';

export interface WorldRecord<Name extends string> {
  readonly format: number;
  /** The plan was made from it; null: the plan as it is written. */
  readonly seed: string | null;
  /** 32 bytes hex from which all keys follow. */
  readonly secretHex: string;
  readonly plan: NetworkPlan<Name>;
}

export interface WorldFolder<Name extends string> extends Home {
  readonly record: WorldRecord<Name>;
}

/**
 * @param path the folder, made if it is not there
 * @param seed undefined: whatever the world was made with
 * @throws Problem folder_other_world when the world that is there was made with another seed
 */
export function openWorldFolder<Name extends string>(
  path: string,
  seed: string | undefined,
  plan: (seed: string | null) => NetworkPlan<Name>,
): WorldFolder<Name> {
  const known = readRecord<Name>(path);
  if (known !== null && seed !== undefined && seed !== known.seed) throw differs(seed, known.seed);
  if (known === null) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const made = seed ?? null;
  const record = known ?? {
    format: FORMAT,
    seed: made,
    secretHex: randomBytes(32).toString('hex'),
    plan: plan(made),
  };
  return {
    record,
    built: known !== null,
    file: (name) => join(path, name),
    keep: () => writeDurably(path, RECORD, `${JSON.stringify(record, null, 2)}\n`),
  };
}

function differs(seed: string, known: string | null): Problem {
  const of = known === null ? 'without a seed' : `with the seed ${JSON.stringify(known)}`;
  return new Problem(
    'folder_other_world',
    `seed: the practice world that is here was made ${of}, not with ${JSON.stringify(seed)}; leave --seed out, or ` +
      'forget that world with `argosy practice reset`.',
    { field: 'seed' },
  );
}

function readRecord<Name extends string>(path: string): WorldRecord<Name> | null {
  const file = join(path, RECORD);
  if (!existsSync(file)) return null;
  const record = JSON.parse(readFileSync(file, 'utf8')) as WorldRecord<Name>;
  if (record.format === FORMAT) return record;
  throw new Problem(
    'folder_other_world',
    `data: the practice world in ${path} has the format ${record.format}, and this Argosy knows ${FORMAT}; start the ` +
      'Argosy that made it, or forget that world with `argosy practice reset`.',
    { field: 'data' },
  );
}
