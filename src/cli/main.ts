/** The command line: `main(argv)` runs one command and says how the process should exit. */
import { Command, CommanderError } from 'commander';
import { addAccounts } from './commands/accounts.ts';
import { addBooks } from './commands/books.ts';
import { addChain } from './commands/chain.ts';
import { addConfig } from './commands/config.ts';
import { addExplain } from './commands/explain.ts';
import { addFleet } from './commands/fleet.ts';
import { addInvoices } from './commands/invoices.ts';
import { addMap } from './commands/map.ts';
import { addNode } from './commands/node.ts';
import { addPanic } from './commands/panic.ts';
import { addParts } from './commands/parts.ts';
import { addPay } from './commands/pay.ts';
import { addPayments } from './commands/payments.ts';
import { addPractice } from './commands/practice.ts';
import { addUp } from './commands/up.ts';
import { asProblem, type ExitCode } from './problem.ts';
import { reportProblem } from './report.ts';
import { type GlobalOptions, openSession, type Run, type Session } from './session.ts';

const ROOMS = [
  addUp,
  addParts,
  addMap,
  addPay,
  addPayments,
  addInvoices,
  addFleet,
  addPanic,
  addNode,
  addChain,
  addAccounts,
  addBooks,
  addPractice,
  addConfig,
  addExplain,
];

const AFTER_HELP = `
Environment:
  ARGOSY_API, ARGOSY_KEY  the server to talk to, and a key of it; both, or neither: then it is
                          the one that runs on the data folder, with its owner's key
  ARGOSY_DATA             the data folder
  NO_COLOR                no colours

Exit codes:
  0 done   1 failed   2 usage   3 outcome unknown: do not retry with a new key
  4 not allowed   5 no server`;

/** @param argv without the interpreter and the script */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  // A reader that has gone away (`| head`) ends no payment and changes no exit code.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  let exit: ExitCode = 0;
  const run: Run =
    <A extends unknown[]>(action: (session: Session, ...args: A) => Promise<ExitCode>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      exit = await action(
        openSession(command.optsWithGlobals<GlobalOptions>()),
        ...(given.slice(0, -1) as A),
      );
    };
  const program = createProgram(run);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? 0 : 2;
    const command = commandIn(program, argv);
    const { text } = asProblem(error);
    reportProblem(openSession({ ...program.opts(), json: argv.includes('--json') }), text, pathOf(command));
    return text.exit;
  }
}

export function createProgram(run: Run): Command {
  const program = new Command('argosy')
    .description('One Lightning payment system out of many nodes.')
    .option('--json', 'one JSON document to stdout; amounts in it are strings of msat')
    .option('--msat', 'amounts in msat, given and shown; default: sat')
    .option('--data <dir>', 'the data folder; default: .argosy')
    .option('--config <file>', 'the configuration; default: argosy.yaml, if there is one')
    .version('0.1.0', '-V, --version')
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} });
  for (const add of ROOMS) add(program, run);
  return program;
}

const isHelp = ({ code }: CommanderError): boolean =>
  code === 'commander.help' || code === 'commander.helpDisplayed' || code === 'commander.version';

/** The command that the words name, as far as they do: also where parsing them failed. */
const commandIn = (program: Command, argv: readonly string[]): Command =>
  argv.reduce((command, word) => command.commands.find((each) => each.name() === word) ?? command, program);

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? '' : `${pathOf(parent)} ${command.name()}`.trim();
}
