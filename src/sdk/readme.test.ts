/** What the README promises of the SDK. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startServedFleet } from '../../test/support/served-fleet.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('the six lines of the README pay an invoice', async () => {
  const [, code = ''] = /```js\n(import .*?)```/s.exec(readFileSync(`${ROOT}/README.md`, 'utf8')) ?? [];
  expect(code.trim().split('\n')).toHaveLength(6);
  const fleet = await startServedFleet('readme');
  const env = { ARGOSY_API: fleet.api, ARGOSY_KEY: fleet.key };
  const args = ['--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env }).finally(
    fleet.stop,
  );
  expect(stdout).toBe('settled 25000000 0\n');
});
