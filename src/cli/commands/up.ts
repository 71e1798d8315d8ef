/**
 * `up`: starts everything and runs until it is told to stop. The practice fleet, while it is new, pays once to show that
 * it works; an own one shows its nodes and its books.
 */
import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Running, StartOptions, StartStep } from '../../main.ts';
import { openClient } from '../client.ts';
import { asProblem, cliProblem, type ExitCode } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { leaveSoon } from '../up/leave.ts';
import { listenForStop } from '../up/stop.ts';
import { openTeller, type Teller } from '../up/tell.ts';
import { lookAround, runTour } from '../up/tour.ts';

interface UpOptions {
  readonly listen?: string;
  readonly seed?: string;
}

export function addUp(program: Command, run: Run): void {
  program
    .command('up')
    .description(
      'Start the fleet of argosy.yaml (nodes:), else the practice fleet: real nodes, worthless coins; runs until Ctrl-C',
    )
    .option('--listen <host:port>', 'where the API listens; default: 127.0.0.1:7300')
    .option('--seed <text>', 'for a new world: other balances and fees, the same for the same seed')
    .action(run(up));
}

async function up(session: Session, { seed, ...options }: UpOptions): Promise<ExitCode> {
  const { data, config: file } = session.options;
  const flags = { ...(data === undefined ? {} : { data }), ...options };
  const { readConfig } = await import('../../config.ts');
  const config = readConfig({ file: file ?? null, env: process.env, flags });
  const stop = listenForStop();
  const teller = openTeller(session);
  refuseSeed(config, seed);
  teller.welcome(config.nodes === null ? null : config.network);
  const running = await start(config, teller.step, seed === undefined ? {} : { seed });
  try {
    if (!stop.asked) await present(running, config, teller);
    const end = await Promise.race([stop.promise, running.ended]);
    if (end instanceof Error && !stop.asked) throw end;
    return 0;
  } finally {
    teller.stopping();
    await running.stop();
    leaveSoon();
  }
}

/** Loads the whole system only here: no other command needs it. */
async function start(
  config: Config,
  onStep: (step: StartStep) => void,
  options: StartOptions,
): Promise<Running> {
  const { startArgosy } = await import('../../main.ts');
  return startArgosy(config, onStep, options);
}

/** @throws CliProblem command_invalid */
function refuseSeed({ nodes }: Config, seed: string | undefined): void {
  if (nodes === null || seed === undefined) return;
  throw cliProblem(
    'command_invalid',
    '--seed makes a practice world, and argosy.yaml names an own fleet (nodes:).',
  );
}

/** The system is up whatever becomes of the tour: its failure is told, and ends nothing. */
async function present(
  { api, key, practice, system }: Running,
  { data }: Config,
  teller: Teller,
): Promise<void> {
  const client = openClient({ api, key });
  const trouble = (error: unknown): null => {
    teller.trouble(asProblem(error).text);
    return null;
  };
  if (practice === null) {
    await lookAround(client, teller).catch(trouble);
    teller.ready({ api, key, data, nodes: system.fleet.nodes.length, practice: null });
    return;
  }
  const { resumed } = practice.world;
  const invoice = await runTour(client, teller, resumed).catch(trouble);
  teller.ready({ api, key, data, nodes: system.fleet.nodes.length, practice: { invoice, resumed } });
}
