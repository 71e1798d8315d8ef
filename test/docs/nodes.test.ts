import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('docs/nodes.md tells of each daemon what the code knows of it: else `npm run docs:nodes`', () => {
  const page = join(import.meta.dirname, '../../docs/nodes.mjs');
  expect(spawnSync(process.execPath, [page, '--check'], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});
