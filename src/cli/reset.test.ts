/** `practice reset`: what is forgotten, what is kept, and when it is refused. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, type RunOptions, runCli } from '../../test/support/cli.ts';
import { openFolder } from '../kit/folder.ts';

const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(ROOT, 'argosy-reset-')), 'data');
  const opened = openFolder(folder);
  if (opened.kind === 'refused') throw new Error(opened.detail);
  opened.folder.writeFile('owner.key', 'argosy_key\n');
  opened.folder.close();
  mkdirSync(join(folder, 'world'));
  writeFileSync(join(folder, 'world', 'chain.db'), 'blocks');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const reset = (args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> =>
  runCli(['practice', 'reset', '--data', folder, ...args], { cwd: join(folder, '..'), ...options });

describe('practice reset', () => {
  it('forgets the world, and keeps the key', async () => {
    mkdirSync(join(folder, 'postgres', 'data'), { recursive: true });
    const ran = await reset(['--yes', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual({
      data: folder,
      removed: ['world', 'postgres'],
      books_remain: false,
    });
    expect(readdirSync(folder).sort()).toEqual(['format', 'lock', 'owner.key']);
    expect(readFileSync(join(folder, 'owner.key'), 'utf8')).toBe('argosy_key\n');
    const again = await reset();
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('There is no practice world in'),
    });
    expect(again.stdout).toMatch(/A new world: npx argosy .*up\n$/);
  });

  it('makes no folder where there is none', async () => {
    rmSync(folder, { recursive: true });
    expect((await reset(['--json'])).stdout).toContain('"removed":[]');
    expect(existsSync(folder)).toBe(false);
  });

  it('is refused while an Argosy runs on the folder, and says which to stop', async () => {
    const opened = openFolder(folder);
    if (opened.kind === 'refused') throw new Error(opened.detail);
    opened.folder.announce('http://127.0.0.1:7311');
    const ran = await reset(['--yes']);
    opened.folder.close();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('code: folder_in_use');
    expect(ran.stderr).toContain(
      `Process ${process.pid} uses the data folder ${folder}, at http://127.0.0.1:7311.`,
    );
    expect(ran.stderr).toMatch(/Stop that Argosy first.*\n.*\n.*practice reset$/m);
    expect(readdirSync(folder)).toContain('world');
  });

  it('touches no folder that is not its own', async () => {
    rmSync(join(folder, 'format'));
    expect(await reset(['--yes', '--json'])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('"code":"folder_unusable"'),
    });
    expect(readdirSync(folder)).toContain('world');
  });

  it('cannot empty a database by URL, and says so', async () => {
    const env = { ARGOSY_DATABASE_URL: 'postgres://argosy@127.0.0.1:1/argosy' };
    const ran = await reset(['--yes'], { env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('The database by URL still holds its books, and is yours to empty');
    expect(readdirSync(folder)).not.toContain('world');
  });
});
