/** `up`: starts everything, pays once to show that it works, and runs until it is told to stop. */
import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Running, StartOptions, StartStep } from '../../main.ts';
import { openClient } from '../client.ts';
import { asProblem, type ExitCode } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { listenForStop } from '../up/stop.ts';
import { openTeller, type Teller } from '../up/tell.ts';
import { runTour } from '../up/tour.ts';

interface UpOptions {
  readonly listen?: string;
  readonly seed?: string;
}

export function addUp(program: Command, run: Run): void {
  program
    .command('up')
    .description('Start the practice fleet, new or as it was: real nodes, worthless coins; runs until Ctrl-C')
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
  teller.welcome();
  const running = await start(config, teller.step, seed === undefined ? {} : { seed });
  try {
    if (!stop.asked) await present(running, config, teller);
    const end = await Promise.race([stop.promise, running.world.ended]);
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

/** The system is up whatever becomes of the tour: its failure is told, and ends nothing. */
async function present({ api, key, world }: Running, { data }: Config, teller: Teller): Promise<void> {
  const invoice = await runTour(openClient({ api, key }), teller, world.resumed).catch((error: unknown) => {
    teller.trouble(asProblem(error).text);
    return null;
  });
  teller.ready({ api, key, data, invoice, resumed: world.resumed });
}

const LEAVE_MS = 1_000;

/** Everything is stopped: whatever still keeps the process is not worth waiting for. */
const leaveSoon = (): void => void setTimeout(() => process.exit(), LEAVE_MS).unref();
