/** `config check`: the configuration as Argosy understands it, without starting anything. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { facts } from '../print.ts';
import type { Run, Session } from '../session.ts';

export function addConfig(program: Command, run: Run): void {
  program
    .command('config')
    .description('The configuration')
    .command('check')
    .description('Check argosy.yaml and the environment; names the line and the way out')
    .action(run(check));
}

async function check({ options, output }: Session) {
  const { DEFAULT_FILE, readConfig } = await import('../../config.ts');
  const file = options.config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
  const flags = options.data === undefined ? {} : { data: options.data };
  const config = readConfig({ file, env: process.env, flags });
  const document = {
    valid: true,
    file,
    network: config.network,
    fleet: config.nodes === null ? 'practice' : 'own',
    nodes: (config.nodes ?? []).map(({ id, region }) => ({ id, region })),
    listen: `${config.listen.host}:${config.listen.port}`,
    data: config.data,
    database: config.databaseUrl === null ? 'embedded' : 'by url',
    log_level: config.logLevel,
  };
  output.show(document, () => [
    `${output.paint('green', '✓ valid')}  ${file ?? `no ${DEFAULT_FILE} here: the defaults`}`,
    ...facts(
      [
        ['network', document.network],
        ['fleet', config.nodes === null ? 'practice' : `own: ${namesOf(document.nodes)}`],
        ['listen', document.listen],
        ['data', document.data],
        ['database', document.database],
        ['log level', document.log_level],
      ],
      output.paint,
    ),
  ]);
  return 0 as const;
}

const namesOf = (nodes: readonly { readonly id: string }[]): string =>
  nodes.length === 0
    ? 'those that are added'
    : `${nodes.map(({ id }) => id).join(', ')}, and those that are added`;
