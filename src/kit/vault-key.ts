/** The key of the vault: from the environment, from a file of the operator's, or made once in the data folder. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Folder } from './folder.ts';
import { Problem } from './problems.ts';
import { SEAL_KEY_BYTES, type SealKey } from './seal.ts';

const KEY_FILE = 'vault.key';

/** `hex`: 32 bytes, of the environment. `file`: holds them, in hex. Null: `vault.key` in the data folder. */
export type VaultKeySource = { readonly hex: string } | { readonly file: string } | null;

/** @param folder null: there is none to make a key in. @throws Problem vault_key_unusable */
export function readVaultKey(source: VaultKeySource, folder: Folder | null): SealKey {
  if (source === null) return readOrMake(folder);
  return 'hex' in source ? Buffer.from(source.hex, 'hex') : readKeyFile(source.file);
}

function readOrMake(folder: Folder | null): SealKey {
  if (folder === null) throw new Error('no key of the vault was given');
  const file = join(folder.path, KEY_FILE);
  if (folder.readFile(KEY_FILE) === null) {
    folder.writeFile(KEY_FILE, `${randomBytes(SEAL_KEY_BYTES).toString('hex')}\n`);
  }
  return readKeyFile(file);
}

function readKeyFile(file: string): SealKey {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) throw unusable(file, 'does not exist; make it with `openssl rand -hex 32`');
  if ((mode & 0o077) !== 0) throw unusable(file, `can be read by others; \`chmod 600 ${file}\``);
  const hex = read(file);
  if (/^[0-9a-f]{64}$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw unusable(file, 'must hold 32 bytes in hex, as `openssl rand -hex 32` makes them');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw unusable(file, 'cannot be read by this user');
  }
}

const unusable = (file: string, what: string): Problem =>
  new Problem('vault_key_unusable', `vault.key_file: ${file} ${what}.`, { field: 'vault.key_file' });
