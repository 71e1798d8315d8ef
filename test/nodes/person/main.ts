/**
 * `npm run net [-- --json]`: real LND nodes in the shape of a fleet, for a person; stays until Ctrl-C.
 * `npm run net -- COMMAND ...`: from a second terminal. Exit codes: 0 done, 1 refused, 2 usage, 5 no network runs.
 */
import { missingDaemons } from '../net/daemons.ts';
import { startFleetNetwork } from '../net/fleet_network.ts';
import { runCommand, USAGES } from './commands.ts';
import { ask, listen, type Reply } from './control.ts';
import { readyLines, toldNode } from './told.ts';

const json = process.argv.includes('--json');
const words = process.argv.slice(2).filter((word) => word !== '--json');
process.exitCode = words.length === 0 ? await up() : await command();

async function command(): Promise<number> {
  if (words.some((word) => ['help', '--help', '-h'].includes(word))) return say(helpLines(), 0);
  const reply = await ask(words);
  if (reply === null) return complain('No network runs. Start one with: npm run net', 5);
  if (json) console.log(JSON.stringify(reply.document));
  else if (!reply.ok) return complain(reply.lines.join('\n'), 1);
  else say(reply.lines, 0);
  return reply.ok ? 0 : 1;
}

const helpLines = (): string[] => [
  'npm run net [-- --json]',
  ...USAGES.map((usage) => `npm run net -- ${usage} [--json]`),
];

async function up(): Promise<number> {
  const missing = missingDaemons('lnd', 'btcd');
  if (missing !== null) return complain(`No network yet: ${missing}`, 1);
  if ((await ask(['status'])) !== null) return complain('A network runs already: npm run net -- status', 1);
  const stopping = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.resolve());

  const began = performance.now();
  if (!json) console.error('btcd and six LND nodes start ...');
  // Interrupted while it starts, or failed: what has started dies with this process.
  const starting = startFleetNetwork().catch((error: Error) => error);
  const network = await Promise.race([starting, stopping.promise]);
  if (network === undefined) process.exit(130);
  if (network instanceof Error) return complain(`No network: ${network.message}`, 1);
  const control = await listen(async (asked) => {
    if (asked[0] === 'stop') {
      stopping.resolve();
      return { ok: true, document: { stopped: true }, lines: ['All stop.'] };
    }
    return replyOf(runCommand(network, asked));
  });
  const seconds = (performance.now() - began) / 1000;
  if (json) {
    const nodes = network.nodes.map(toldNode);
    console.log(JSON.stringify({ event: 'ready', folder: network.folder, nodes }));
  } else say(readyLines(network.nodes, seconds), 0);
  await stopping.promise;
  control.close();
  await network.stop();
  if (!json) console.error('All stopped; nothing is left.');
  return 0;
}

/** What a person did wrong, and what a node refused, is theirs to read. */
async function replyOf(answer: ReturnType<typeof runCommand>): Promise<Reply> {
  try {
    return { ok: true, ...(await answer) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, document: { error: why }, lines: [why] };
  }
}

function say(lines: readonly string[], code: number): number {
  for (const line of lines) console.log(line);
  return code;
}

function complain(line: string, code: number): number {
  console.error(line);
  return code;
}
