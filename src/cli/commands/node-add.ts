/** `node add`, `node rotate`: an own node joins, or gets new credentials. The checks run where the node will be used. */
import type { Command } from 'commander';
import { ArgosyProblem, type ConnectedNode, type RotatedNode } from '../../sdk/index.ts';
import { readAmount } from '../amount.ts';
import { type Asker, openAsker } from '../ask.ts';
import { checkLines, pinFacts } from '../check-text.ts';
import { canAsk } from '../confirm.ts';
import {
  type CredentialOptions,
  type GivenCredentials,
  isEmpty,
  readCredentials,
} from '../node-credentials.ts';
import { facts } from '../print.ts';
import { cliProblem } from '../problem.ts';
import type { Run, Session } from '../session.ts';

interface AddOptions extends CredentialOptions {
  readonly region?: string;
  readonly exposureMax?: string;
  readonly check?: boolean;
}

interface RotateOptions extends CredentialOptions {
  readonly done?: boolean;
}

export function addNodeAdd(node: Command, run: Run): void {
  withCredentials(node.command('add').argument('[id]', 'its name in the fleet, such as eu'))
    .description('Check a node, step by step, and take it into the fleet; asks for what is missing')
    .option('--region <name>', 'where it stands; default: its name')
    .option('--exposure-max <amount>', 'the most that it may hold, in channels and coins')
    .option('--check', 'only check: nothing is stored')
    .action(run(add));
  withCredentials(node.command('rotate').argument('<id>', 'as in `argosy nodes`'))
    .description('New credentials of a node; both certificates are accepted until --done')
    .option('--done', 'end the rotation: the old certificate is accepted no more')
    .action(run(rotate));
}

const withCredentials = (command: Command): Command =>
  command
    .option('--lndconnect <uri>', 'lndconnect URI; - reads it from stdin, so that no history keeps it')
    .option('--address <host:port>', "LND's gRPC: rpclisten, port 10009")
    .option('--cert <file>', 'its tls.cert, which is pinned')
    .option('--macaroon <file>', 'a macaroon, such as one baked for Argosy');

async function add(session: Session, given: string | undefined, options: AddOptions) {
  const { output } = session;
  const asked = await complete(given, options);
  if (asked === null) {
    output.note('Nothing was added.');
    return 1 as const;
  }
  if (options.lndconnect !== undefined && options.lndconnect !== '-') output.note(IN_HISTORY);
  const client = await session.connect();
  const exposure =
    options.exposureMax === undefined ? null : readAmount('--exposure-max', options.exposureMax, output.unit);
  const request = {
    ...asked,
    ...(exposure === null ? {} : { exposure_msat_max: exposure }),
    check_only: options.check === true,
  };
  const answer = await told(session, () => client.addNode(request));
  output.show(answer, () => [
    ...checkLines(answer.checks, output.paint, request.check_only),
    '',
    ...outcome(session, answer),
  ]);
  return answer.passed ? (0 as const) : (1 as const);
}

const IN_HISTORY =
  'The URI is in the history of your shell now, secret and all: next time --lndconnect - reads it from stdin.';

/** The checklist of what was refused comes before the problem. */
async function told<T>({ output }: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const checks = error instanceof ArgosyProblem ? error.document.checks : undefined;
    if (!Array.isArray(checks)) throw error;
    if (!output.json) for (const line of checkLines(checks, output.paintNote, false)) output.note(line);
    throw cliProblem('node_check_failed', 'See the lines above that failed; nothing was changed.', {
      extra: { checks },
      next: 'node --help',
    });
  }
}

function outcome(
  { output, hint }: Session,
  { node, passed, stored, joined, waiting_for }: ConnectedNode,
): string[] {
  if (!stored)
    return [passed ? `${node} can join: ${hint(`node add ${node}`)}` : `${node} cannot join as it is.`];
  if (joined)
    return [`${output.paint('green', '✓ joined')}  ${node}; its credentials are sealed in the vault`];
  return [
    `${output.paint('yellow', '… waiting')}  ${node} is stored, and joins as soon as it can: ${waiting_for ?? ''}`,
  ];
}

interface Asked extends GivenCredentials {
  readonly id: string;
  readonly region?: string;
}

/** Null: the person has left. @throws CliProblem command_invalid without a terminal */
async function complete(id: string | undefined, options: AddOptions): Promise<Asked | null> {
  const { region } = options;
  const whole = (name: string, credentials: GivenCredentials, where = region): Asked => ({
    id: name,
    ...credentials,
    ...(where === undefined ? {} : { region: where }),
  });
  if (id !== undefined && !isEmpty(options)) return whole(id, await readCredentials(options));
  if (!canAsk()) {
    throw cliProblem(
      'command_invalid',
      id === undefined
        ? 'Name the node, and give its credentials: node add ID --lndconnect - (or --address, --cert and --macaroon).'
        : 'Give its credentials: --lndconnect - (reads stdin), or --address HOST:PORT --cert FILE --macaroon FILE.',
    );
  }
  const asker = openAsker();
  try {
    const name = id ?? (await asker.ask('Name of the node in the fleet, such as eu: '));
    if (name === null) return null;
    const where = region ?? (await asker.ask(`Region where it stands [${name}]: `));
    if (where === null) return null;
    const credentials = isEmpty(options) ? await askCredentials(asker) : await readCredentials(options);
    return credentials === null ? null : whole(name, credentials, where === '' ? undefined : where);
  } finally {
    asker.close();
  }
}

async function askCredentials(asker: Asker): Promise<GivenCredentials | null> {
  const lndconnect = await asker.ask('lndconnect URI (hidden; empty: address and files): ', true);
  if (lndconnect === null) return null;
  if (lndconnect !== '') return { lndconnect };
  const address = await asker.ask("HOST:PORT of LND's gRPC, such as 10.0.0.7:10009: ");
  const cert =
    address === null ? null : await asker.ask('Path of its tls.cert (empty: a public authority): ');
  const macaroon = cert === null ? null : await asker.ask('Path of its macaroon: ');
  if (address === null || cert === null || macaroon === null) return null;
  return readCredentials({ address, macaroon, ...(cert === '' ? {} : { cert }) });
}

async function rotate(session: Session, id: string, { done = false, ...options }: RotateOptions) {
  if (done === !isEmpty(options)) {
    throw cliProblem(
      'command_invalid',
      'Give what is new (--cert, --macaroon, --address or --lndconnect), or --done alone.',
    );
  }
  const change = done ? { done } : await readCredentials(options);
  const client = await session.connect();
  const answer = await told(session, () => client.rotateNode(id, change));
  const { output } = session;
  output.show(answer, () => [
    ...checkLines(answer.checks, output.paint, false),
    '',
    ...rotated(session, answer),
    ...(answer.pins.length === 0 ? [] : facts(pinFacts(answer.pins), output.paint)),
  ]);
  return 0 as const;
}

function rotated({ output, hint }: Session, { node, pins }: RotatedNode): string[] {
  const sign = output.paint('green', '✓ changed');
  if (pins.length < 2) return [`${sign}  ${node}`];
  return [
    `${sign}  ${node}: both certificates are accepted. Once LND shows the new one: ${hint(`node rotate ${node} --done`)}`,
  ];
}
