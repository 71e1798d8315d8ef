/**
 * PostgreSQL refuses to run as root. As root, it is started in a user namespace of its own, where it sees itself as
 * user 1000 and the files keep their owner; where namespaces are not allowed (most containers), as an unprivileged
 * user, who must then own its files and reach them.
 */
import { type SpawnOptions, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Refusal, refusal } from './refusal.ts';

export interface Launcher {
  readonly kind: 'launcher';
  /** What to put before a command. */
  readonly prefix: readonly string[];
  /** The user to start it as, where that is not this process's own. */
  readonly as: Pick<SpawnOptions, 'uid' | 'gid'>;
  /** Makes a file or folder of this process the server's own. */
  readonly give: (path: string) => void;
}

/** Debian, Alpine and Red Hat agree on this number for `nobody`. */
const NOBODY = 65_534;
const IN_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];

/**
 * How to run a server that keeps its files in `home`, an existing folder.
 * @param programs the folder of the server's binaries
 * @param namespaces overrides the probe whether user namespaces are allowed
 */
export function chooseLauncher(
  home: string,
  programs: string,
  namespaces: () => boolean = namespacesAllowed,
): Launcher | Refusal<'database_not_started'> {
  if (process.geteuid?.() !== 0) return { kind: 'launcher', prefix: [], as: {}, give: () => {} };
  const { uid } = statSync(home);
  if (uid === 0 && namespaces()) return { kind: 'launcher', prefix: IN_NAMESPACE, as: {}, give: () => {} };
  return otherUser(home, programs, uid === 0 ? NOBODY : uid);
}

const namespacesAllowed = (): boolean => {
  const [command = '', ...args] = IN_NAMESPACE;
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0;
};

function otherUser(home: string, programs: string, uid: number): Launcher | Refusal<'database_not_started'> {
  // The data folder above it is Argosy's own, and private; passing through it shows nothing.
  const above = dirname(home);
  const { mode } = statSync(above);
  if ((mode & 0o001) === 0) chmodSync(above, mode | 0o001);
  const closed = firstClosedFolder(above) ?? firstClosedFolder(programs);
  if (closed !== null) {
    chmodSync(above, mode);
    return refusal(
      'database_not_started',
      `PostgreSQL does not run as root, and user ${uid}, who would run it, cannot pass through ${closed}. Start Argosy ` +
        'as another user than root, or allow user namespaces, or move the folder (to /var/lib, say), or give Argosy ' +
        'the URL of a PostgreSQL.',
    );
  }
  const give = (path: string): void => chownSync(path, uid, uid);
  if (statSync(home).uid !== uid) giveAll(home, uid);
  return { kind: 'launcher', prefix: [], as: { uid, gid: uid }, give };
}

/** The folder on the way down to `path`, or itself, that strangers may not pass through. Null: the way is open. */
export function firstClosedFolder(path: string): string | null {
  const above = dirname(path) === path ? null : firstClosedFolder(dirname(path));
  return above ?? ((statSync(path).mode & 0o001) === 0 ? path : null);
}

/** The folder itself comes last: until then a crash leaves it to the next start to go on. */
function giveAll(folder: string, uid: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveAll(path, uid);
    else lchownSync(path, uid, uid);
  }
  chownSync(folder, uid, uid);
}
