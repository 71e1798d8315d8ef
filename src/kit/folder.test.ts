import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FOLDER_FORMAT, type Folder, openFolder, readHolder } from './folder.ts';
import { firstClosedFolder } from './postgres-user.ts';

let home: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'argosy-folder-'));
  path = join(home, 'data');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function opened(): Folder {
  const result = openFolder(path);
  if (result.kind === 'refused') throw new Error(result.detail);
  return result.folder;
}

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

/** Everything in the folder, with the times: what must not change on a refusal. */
const look = (folder: string): unknown =>
  [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))].map(
    (file) => {
      const { mtimeMs, size, mode: bits } = statSync(file);
      return { file, mtimeMs, size, bits };
    },
  );

describe('a data folder', () => {
  test('is made private, with its format, and can be opened again after it was closed', () => {
    const folder = opened();
    expect([mode(path), ...readdirSync(path).map((name) => mode(join(path, name)))]).toEqual([
      '700',
      ...Array(4).fill('600'),
    ]);
    expect(folder.readFile('format')).toBe(`${FOLDER_FORMAT}\n`);
    folder.close();
    folder.close();
    opened().close();
    expect(readdirSync(path).sort()).toEqual(['format', 'lock']);
  });

  test('keeps small files: private, replaced as a whole, null when absent', () => {
    const folder = opened();
    expect(folder.readFile('owner.key')).toBeNull();
    folder.writeFile('owner.key', 'one');
    folder.writeFile('owner.key', 'two');
    expect(folder.readFile('owner.key')).toBe('two');
    expect(mode(join(path, 'owner.key'))).toBe('600');
    folder.removeFile('owner.key');
    folder.removeFile('owner.key');
    expect(folder.readFile('owner.key')).toBeNull();
    for (const name of ['../x', 'a/b', '.hidden', '', 'lock', 'lock-journal']) {
      expect(() => folder.writeFile(name, ''), name).toThrow(TypeError);
    }
    folder.close();
  });

  test('that existed and was open to all is closed to all but passing through', () => {
    mkdirSync(path);
    chmodSync(path, 0o755);
    opened().close();
    expect(mode(path)).toBe('711');
  });

  test('goes on where a start died before it wrote the format', () => {
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, 'lock'), '');
    writeFileSync(join(path, 'format.tmp'), '');
    opened().close();
    expect(mode(path)).toBe('700');
  });
});

describe('a data folder in use', () => {
  test('is refused within the same process, and stays locked after that', async () => {
    const folder = opened();
    folder.announce('http://127.0.0.1:8080');
    const before = look(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(openFolder(path)).toEqual({
        kind: 'refused',
        code: 'folder_in_use',
        detail:
          `The data folder ${path} is in use by process ${process.pid}, at http://127.0.0.1:8080. ` +
          'Use that Argosy, stop it, or choose another data folder.',
      });
    }
    expect(look(path)).toEqual(before);
    expect(await openElsewhere()).toContain('folder_in_use');
    folder.close();
  });

  test('is refused to a second process, and free again when the first was killed', async () => {
    const holder = spawnHolder();
    expect(await said(holder)).toBe('open');
    expect(readHolder(path)).toEqual({ pid: holder.pid, api: null });
    await sleep(50);
    const before = look(path);
    expect(openFolder(path)).toMatchObject({
      code: 'folder_in_use',
      detail: expect.stringContaining(`process ${holder.pid}.`),
    });
    expect(look(path)).toEqual(before);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(readHolder(path)?.pid).toBe(holder.pid);
    opened().close();
  });

  test('is refused under another name for it, too', () => {
    const folder = opened();
    symlinkSync(path, join(home, 'alias'));
    expect(openFolder(join(home, 'alias'))).toMatchObject({ code: 'folder_in_use' });
    folder.close();
  });
});

describe('a data folder is refused and left alone', () => {
  const expectRefusal = (code: string, says: string, at = path): void => {
    const before = look(home);
    const result = openFolder(at);
    expect(result).toMatchObject({ kind: 'refused', code, detail: expect.stringContaining(says) });
    expect(result).toMatchObject({ detail: expect.stringContaining(at) });
    expect(look(home)).toEqual(before);
  };

  test('when a newer Argosy wrote it', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'format'), `${FOLDER_FORMAT + 1}\n`);
    expectRefusal('folder_newer', `has format ${FOLDER_FORMAT + 1}`);
  });

  test('when its format is damaged', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'format'), 'one');
    expectRefusal('folder_unusable', 'damaged');
  });

  test('when it holds something else', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.tex'), '');
    expectRefusal('folder_unusable', 'holds something else');
  });

  test('when it is a file, or lies under one', () => {
    writeFileSync(path, '');
    expectRefusal('folder_unusable', 'is not a folder');
    expectRefusal('folder_unusable', 'lies under something that is not a folder', join(path, 'below'));
  });

  test.skipIf(process.geteuid?.() === 0)('when it may not be written', () => {
    mkdirSync(path, { mode: 0o500 });
    expectRefusal('folder_unusable', 'not readable and writable');
  });

  // The other user must be able to read this code: clone into a folder that others can pass through.
  const asRootInTheOpen = process.geteuid?.() === 0 && firstClosedFolder(import.meta.dirname) === null;
  test.runIf(asRootInTheOpen)('when it may not be written by this user', async () => {
    chmodSync(home, 0o755);
    mkdirSync(path, { mode: 0o755 });
    const before = look(home);
    expect(await openElsewhere(65_534)).toMatch(/folder_unusable.*not readable and writable for this user/);
    expect(look(home)).toEqual(before);
  });
});

/** Opens the folder in another process, which holds it until it is killed, through every collection of garbage. */
function spawnHolder(uid?: number): ChildProcess {
  const script = `
    const { openFolder } = await import(${JSON.stringify(new URL('./folder.ts', import.meta.url).href)});
    const result = openFolder(${JSON.stringify(path)});
    process.stdout.write(result.kind === 'open' ? 'open' : JSON.stringify(result));
    if (result.kind === 'open') setInterval(globalThis.gc, 10);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  children.push(child);
  return child;
}

async function said(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output');
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  return bytes.toString();
}

async function openElsewhere(uid?: number): Promise<string> {
  const child = spawnHolder(uid);
  const answer = await said(child);
  child.kill('SIGKILL');
  return answer;
}
