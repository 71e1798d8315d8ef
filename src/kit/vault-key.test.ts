import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Folder, openFolder } from './folder.ts';
import { readVaultKey } from './vault-key.ts';

let place: string;
let folder: Folder;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'argosy-vault-'));
  const opened = openFolder(join(place, 'data'));
  if (opened.kind !== 'open') throw new Error(opened.detail);
  folder = opened.folder;
});
afterEach(() => {
  folder.close();
  rmSync(place, { recursive: true });
});

const HEX = 'ab'.repeat(32);
const keyFile = (text: string, mode = 0o600): string => {
  const file = join(place, 'key');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};

describe('the key of the vault', () => {
  it('is made once in the data folder, for its owner alone', () => {
    const key = readVaultKey(null, folder);
    expect(key).toHaveLength(32);
    expect(readVaultKey(null, folder).equals(key)).toBe(true);
    expect(statSync(join(folder.path, 'vault.key')).mode & 0o777).toBe(0o600);
  });
  it("comes from the environment, or from the operator's file", () => {
    expect(readVaultKey({ hex: HEX }, folder).toString('hex')).toBe(HEX);
    expect(readVaultKey({ file: keyFile(`${HEX}\n`) }, folder).toString('hex')).toBe(HEX);
  });
  it('is refused where others can read it, with the command that mends that', () => {
    const file = keyFile(HEX, 0o640);
    expect(() => readVaultKey({ file }, folder)).toThrow(`chmod 600 ${file}`);
    readVaultKey(null, folder);
    chmodSync(join(folder.path, 'vault.key'), 0o644);
    expect(() => readVaultKey(null, folder)).toThrow('can be read by others');
  });
  it('is refused when it is none, without being repeated', () => {
    const file = keyFile('abcdef0123');
    expect(() => readVaultKey({ file }, folder)).toThrow(/^(?!.*abcdef0123).*32 bytes in hex/);
    expect(() => readVaultKey({ file: join(place, 'none') }, folder)).toThrow('does not exist');
  });
});
