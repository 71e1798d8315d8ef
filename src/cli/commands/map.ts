/** `map`: the link to the live picture of the fleet. */
import type { Command } from 'commander';
import type { Server } from '../server.ts';
import type { Run, Session } from '../session.ts';

export function addMap(program: Command, run: Run): void {
  program
    .command('map')
    .description('The link to the live map, for a browser; it carries the key')
    .action(run(map));
}

async function map({ find, output }: Session) {
  const link = mapLink(await find());
  output.show({ map: link }, () => [link]);
  return 0 as const;
}

/** The key stands in the fragment: a browser keeps that to itself, and the page takes it out of the address. */
export const mapLink = ({ api, key }: Server): string => `${api}/#key=${key}`;
