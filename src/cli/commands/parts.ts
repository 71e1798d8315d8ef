/** `serve` and `work`: the two halves of `up`, any number of each over one PostgreSQL. */
import type { Command } from 'commander';
import type { PartOptions, RunningPart } from '../../main.ts';
import { toJson } from '../output.ts';
import { facts } from '../print.ts';
import type { ExitCode } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { leaveSoon } from '../up/leave.ts';
import { listenForStop } from '../up/stop.ts';
import { openTeller } from '../up/tell.ts';
import { mapLink } from './map.ts';

interface ServeOptions {
  readonly listen?: string;
}
interface WorkOptions extends ServeOptions {
  readonly region?: string;
}

export function addParts(program: Command, run: Run): void {
  program
    .command('serve')
    .description('Only the API, over a PostgreSQL that `work` shares (database.url); drives no node')
    .option('--listen <host:port>', 'where the API listens; default: 127.0.0.1:7300')
    .action(run(serve));
  program
    .command('work')
    .description('Only the work: drives nodes and pays, over a PostgreSQL that `serve` shares (database.url)')
    .option('--region <region>', 'has the nodes of this region before other workers do')
    .option('--listen <host:port>', 'tells its health there, at /v1/health; default: nowhere')
    .action(run(work));
}

const serve = (session: Session, { listen }: ServeOptions): Promise<ExitCode> =>
  runPart(session, 'serve', listen, {});

const work = (session: Session, { region, listen }: WorkOptions): Promise<ExitCode> =>
  runPart(session, 'work', listen, region === undefined ? {} : { region });

async function runPart(
  session: Session,
  role: 'serve' | 'work',
  listen: string | undefined,
  options: PartOptions,
): Promise<ExitCode> {
  const { data, config: file } = session.options;
  const flags = { ...(data !== undefined && { data }), ...(listen !== undefined && { listen }) };
  const { readConfig } = await import('../../config.ts');
  const config = readConfig({ file: file ?? null, env: process.env, flags });
  const stop = listenForStop();
  const teller = openTeller(session);
  teller.welcome(config.network);
  const { startPart } = await import('../../main.ts');
  const health = role === 'work' && listen !== undefined ? { health: config.listen } : {};
  const running = await startPart(role, config, teller.step, { ...options, ...health });
  try {
    if (!stop.asked) tellReady(session, role, running);
    const end = await Promise.race([stop.promise, running.ended]);
    if (end instanceof Error && !stop.asked) throw end;
    return 0;
  } finally {
    teller.stopping();
    await running.stop();
    leaveSoon();
  }
}

function tellReady({ output }: Session, role: 'serve' | 'work', { api, key }: RunningPart): void {
  if (output.json) {
    output.print(toJson({ event: 'ready', role, ...(role === 'serve' ? { api, key } : { health: api }) }));
    return;
  }
  const lines: [string, string][] = [];
  if (role === 'work') lines.push(['health', api === null ? 'not listened on' : `${api}/v1/health`]);
  if (role === 'serve' && api !== null) {
    if (key !== null) lines.push(['map', mapLink({ api, key })]);
    lines.push(['API', `${api}/v1`], ['key', key ?? 'the owner’s, which was made elsewhere (ARGOSY_KEY)']);
  }
  for (const line of ['', ...facts(lines, output.paint), '', 'Ctrl-C stops it; the others go on.'])
    output.print(line);
}
