/** `node`: one own node. `nodes` lists them all. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { RemovedNode, ShownNode } from '../../sdk/index.ts';
import { pinFacts } from '../check-text.ts';
import { canAsk, confirm } from '../confirm.ts';
import type { Output } from '../output.ts';
import { facts } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { stateText } from '../words.ts';
import { addNodeAdd } from './node-add.ts';

interface RemoveOptions {
  readonly yes?: boolean;
}

export function addNode(program: Command, run: Run): void {
  const node = program.command('node').description('One own node: add it, look at it, let it go');
  addNodeAdd(node, run);
  node
    .command('show')
    .argument('<id>', 'as in `argosy nodes`')
    .description('What it is, how it is reached, which certificates are pinned')
    .action(run(show));
  node
    .command('drain')
    .argument('<id>', 'as in `argosy nodes`')
    .description('It starts nothing new, also after a restart; what is under way goes on')
    .option('--reason <text>', 'why, for whoever finds it drained', 'no reason given')
    .action(run(drain));
  node
    .command('resume')
    .argument('<id>', 'as in `argosy nodes`')
    .description('End a drain')
    .action(run(resume));
  node
    .command('go-on-without')
    .argument('<id>', 'as in `argosy nodes`')
    .description(
      'After the database was put back: pay again, though this node has not told what it paid since',
    )
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--yes', 'do not ask')
    .action(run(goOnWithout));
  node
    .command('remove')
    .argument('<id>', 'as in `argosy nodes`')
    .description('Forget its credentials; its history stays in the books')
    .option('--yes', 'do not ask; also when it still holds something by the books')
    .action(run(remove));
}

async function show({ connect, output }: Session, id: string) {
  const node = await (await connect()).node(id);
  output.show(node, () => showLines(node, output));
  return 0 as const;
}

function showLines(node: ShownNode, { paint, money }: Output): string[] {
  const { connection } = node;
  return facts(
    [
      ['node', node.id],
      ['state', stateText(node.state, paint)],
      ['region', node.region],
      ['driver', node.driver],
      ['version', node.version ?? '-'],
      ['public key', node.pubkey ?? '-'],
      ['block', String(node.block_height ?? '-')],
      ...node.problems.map(({ text }) => ['problem', `${node.id} ${printable(text, 500)}`] as const),
      ['holds', holdsText(node, money)],
      ['can send', money(node.spendable_msat)],
      ['can receive', money(node.receivable_msat)],
      ['address', connection?.address ?? 'not in the vault'],
      ...pinFacts(connection?.pins ?? []),
    ],
    paint,
  );
}

const holdsText = (node: ShownNode, money: Output['money']): string =>
  node.exposure_msat_max === null
    ? money(node.exposure_msat)
    : `${money(node.exposure_msat)}, at most ${money(node.exposure_msat_max)}`;

async function drain(
  { connect, output, hint }: Session,
  id: string,
  { reason }: { readonly reason: string },
) {
  const node = await (await connect()).drainNode(id, reason);
  output.show(node, () => [
    `${stateText(node.state, output.paint)}  ${id} starts nothing new; what is under way goes on`,
    `To end it: ${hint(`node resume ${id}`)}`,
  ]);
  return 0 as const;
}

async function resume({ connect, output }: Session, id: string) {
  const node = await (await connect()).resumeNode(id);
  output.show(node, () => [
    `${stateText(node.state, output.paint)}  ${id}`,
    ...node.problems.map(({ text }) => `  ${id} ${printable(text, 300)}`),
  ]);
  return 0 as const;
}

async function goOnWithout(
  { connect, output }: Session,
  id: string,
  { reason, yes = false }: { readonly reason: string; readonly yes?: boolean },
) {
  const what = `Go on without the history of ${id}? What it has paid since the database was put back, or is still paying, may be paid a second time by another node.`;
  if (!yes && !(canAsk() && (await confirm(what)))) {
    output.note(canAsk() ? 'Nothing was changed.' : `${what} Say so with --yes.`);
    return 1 as const;
  }
  const { waived, waiting_for } = await (await connect()).goOnWithoutNode(id, reason);
  output.show({ node: id, waived, waiting_for }, () => [
    waived ? `${id} is waited for no more.` : `Nothing was waiting for ${id}.`,
    waiting_for.length === 0
      ? 'Payments go on.'
      : `Nothing is sent yet: still missing is the history of ${waiting_for.join(', ')}.`,
  ]);
  return 0 as const;
}

async function remove(session: Session, id: string, { yes = false }: RemoveOptions) {
  const { connect, output } = session;
  const client = await connect();
  if (!yes && canAsk()) {
    const node = await client.node(id);
    const what = `Forget the credentials of ${id} (${node.channels.length} channels)? Its history stays in the books.`;
    if (!(await confirm(what))) {
      output.note('Nothing was removed.');
      return 1 as const;
    }
  }
  const removed = await client.removeNode(id, { force: yes });
  output.show(removed, () => removedLines(session, removed));
  return 0 as const;
}

function removedLines({ output, hint }: Session, { node, holds_msat, configured }: RemovedNode): string[] {
  const holds =
    holds_msat === '0'
      ? []
      : [`By the books it holds ${output.money(holds_msat)}, which nobody proves until it is back.`];
  const named = configured
    ? ['argosy.yaml names it: take it out there, too, or it is back after the next start.']
    : [];
  return [
    `${output.paint('green', '✓ removed')}  ${node}: its credentials are gone, its history and its accounts stay`,
    'The daemon goes on: invoices of Argosy can still be paid there, and are credited when it is added again.',
    ...holds,
    ...named,
    `Back again: ${hint(`node add ${node}`)}`,
  ];
}
