/** Everything that one run strikes: six LND nodes on a chain, a PostgreSQL, two processes of Argosy. */
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lnd } from '../../nodes/net/lnd.ts';
import { activeChannels } from '../../nodes/net/lnd_verbs.ts';
import { type Network, startNetwork } from '../../nodes/net/network.ts';
import { until } from '../../nodes/net/until.ts';
import { createDoor, type Entrance, inTurn } from '../door.ts';
import { plainly } from '../site.ts';
import { type ArgosyProcess, superviseArgosy } from './argosy.ts';
import { type Database, openDatabase } from './database.ts';
import { CRASH_NETWORK, type CrashName, OWN } from './network.ts';
import { lndStrangers } from './strangers.ts';
import type { Victim } from './victim.ts';

export interface CrashWorld {
  readonly network: Network<CrashName>;
  readonly database: Database;
  readonly argosies: readonly ArgosyProcess[];
  /** To any Argosy that runs. */
  readonly door: Entrance;
  victim(name: string): Victim;
  /** Resolves when every process answers, every channel is active and every own node is up. */
  healthy(patienceMs: number): Promise<void>;
  /** Nobody waits at a door any more. */
  lock(): void;
  /** With the evidence, the logs and the database of the run. @returns the folder where they stay */
  keep(evidence: unknown): string;
  /** Of the run stays only what was kept. */
  stop(): Promise<void>;
}

/** Memory, where there is any: what is tried is the end of processes, not of the machine. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const NAMES = ['argosy-a', 'argosy-b'] as const;

export async function openCrashWorld(): Promise<CrashWorld> {
  const folder = mkdtempSync(join(ROOT, 'argosy-crash-'));
  let kept = false;
  const network = await startNetwork(CRASH_NETWORK);
  const database = await openDatabase(join(folder, 'database'));
  const strangers = lndStrangers(network);
  const doors = NAMES.map(() => createDoor(() => strangers));
  const env = { ARGOSY_VAULT_KEY: randomBytes(32).toString('hex') };
  const argosies = NAMES.map((name, at) => {
    const config = join(folder, `${name}.yaml`);
    writeFileSync(config, configOf(folder, network, database), { mode: 0o600 });
    return superviseArgosy(name, doors[at] ?? createDoor(), {
      data: join(folder, name),
      log: join(folder, `${name}.log`),
      config,
      env,
    });
  });
  const victims: readonly Victim[] = [...argosies, database, ...network.nodes.map(lndVictim)];

  return {
    network,
    database,
    argosies,
    door: inTurn(doors),
    victim(name) {
      const found = victims.find((victim) => victim.name === name);
      if (found === undefined) throw new Error(`nobody is called ${name}`);
      return found;
    },
    healthy: (patienceMs) => untilHealthy(network, argosies, patienceMs),
    lock() {
      for (const door of doors) door.lock();
    },
    keep(evidence) {
      kept = true;
      writeFileSync(join(folder, 'evidence.json'), `${JSON.stringify(evidence, plainly, 1)}\n`, {
        mode: 0o600,
      });
      for (const { name } of network.nodes)
        cpSync(join(network.folder, name, 'out.log'), join(folder, `${name}.log`));
      return folder;
    },
    async stop() {
      for (const victim of victims) victim.thaw();
      await Promise.all(argosies.map((argosy) => argosy.kill()));
      await database.stop();
      await network.stop();
      if (!kept) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same for both processes: the same nodes, the same database. */
function configOf(folder: string, network: Network<CrashName>, { url }: Database): string {
  const nodes = OWN.map((name) => {
    const file = join(folder, `${name}.lndconnect`);
    writeFileSync(file, network.node(name).lndconnect(), { mode: 0o600 });
    return `  - { id: ${name}, region: ${name}, credentials: { file: ${file} } }`;
  });
  return `database: { url: "${url}" }\nnodes:\n${nodes.join('\n')}\n`;
}

const lndVictim = (node: Lnd): Victim => ({
  name: node.name,
  kill: () => node.kill('SIGKILL'),
  start: () => node.start(),
  freeze: node.pause,
  thaw: node.resume,
});

async function untilHealthy(
  network: Network<CrashName>,
  argosies: readonly ArgosyProcess[],
  patienceMs: number,
): Promise<void> {
  await Promise.all(
    network.nodes.map((node) => {
      const channels = CRASH_NETWORK.channels.filter(
        ({ from, to }) => from === node.name || to === node.name,
      );
      const active = async () => (await activeChannels(node)).length === channels.length;
      return until(`the channels of ${node.name}`, active, patienceMs);
    }),
  );
  await Promise.all(
    argosies.map((argosy) =>
      until(
        `${argosy.name} to find all nodes up`,
        async () => {
          const nodes = await argosy.client().nodes();
          return nodes.length === OWN.length && nodes.every(({ state }) => state === 'up');
        },
        patienceMs,
      ),
    ),
  );
}
