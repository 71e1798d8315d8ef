/** Somebody who reads the documentation and types what it says: one shell whose variables stay, in a folder of its own. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ARGOSY, ended, type Ran } from '../support/cli.ts';
import type { Example } from './page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npx argosy` without the second that npx takes to find it. */
const NPX = `#!/bin/sh
test "$1" = argosy || exec "$(dirname "$NODE")/npx" "$@"
shift
exec "$NODE" '${ARGOSY}' "$@"
`;

export interface Reader {
  run(example: Example): Promise<Ran>;
  /** Sets a variable of the shell. */
  keep(name: string, value: string): void;
}

/**
 * @param folder where the shell is; the data folder of the running Argosy is `.argosy` in it
 * @param instead of a text of the documentation, what is typed: the address, and shorter times
 */
export function openReader(folder: string, instead: ReadonlyMap<string, string>): Reader {
  const tools = join(folder, 'tools');
  const variables = join(folder, 'variables');
  mkdirSync(tools);
  writeFileSync(join(tools, 'npx'), NPX);
  chmodSync(join(tools, 'npx'), 0o755);
  writeFileSync(variables, '');
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
  const env = { PATH: `${tools}:${PATH}`, HOME, TMPDIR, NODE: process.execPath, VARIABLES: variables, ROOT };
  return {
    run({ language, code }) {
      const typed = [...instead].reduce((text, [from, to]) => text.replaceAll(from, to), code);
      const script = language === 'sh' ? typed : `cd "$ROOT"; "$NODE" --input-type=module --eval "$CODE"`;
      const child = spawn('bash', ['-c', `${BEFORE}\n${script}`], {
        cwd: folder,
        env: { ...env, ...(language === 'js' ? { CODE: typed } : {}) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return ended(child);
    },
    keep(name, value) {
      writeFileSync(variables, `declare -x ${name}='${value}'\n`, { flag: 'a' });
    },
  };
}

/**
 * The first command that fails ends it, and what it has left running. What is assigned is there for the next example,
 * and for programs.
 */
const BEFORE = `set -ea; source "$VARIABLES"
trap 'kill $(jobs -p) 2> /dev/null || true; unset CODE; export -p > "$VARIABLES"' EXIT`;
