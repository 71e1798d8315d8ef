/** `nodes` and `balance`: what the fleet is, and what it can do. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { Balance, Node } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { facts, table } from '../print.ts';
import type { Run, Session } from '../session.ts';
import { stateText } from '../words.ts';

export function addFleet(program: Command, run: Run): void {
  program
    .command('nodes')
    .description('The own nodes: health, channels, what each can send and receive')
    .action(run(nodes));
  program
    .command('balance')
    .description('What the fleet can send and receive, and whose it is')
    .action(run(balance));
}

async function nodes({ connect, output }: Session) {
  const data = await (await connect()).nodes();
  output.show({ data }, () => [...nodeTable(data, output), ...awayLines(data)]);
  return 0 as const;
}

/** Of a node that is away, what was seen last is shown. */
function awayLines(data: readonly Node[]): string[] {
  const away = data.filter(({ state }) => state === 'down').map(({ id }) => id);
  if (away.length === 0) return [];
  const verb = away.length === 1 ? 'does' : 'do';
  return ['', `${away.join(', ')} ${verb} not answer; the numbers are as they were seen last.`];
}

export function nodeTable(data: readonly Node[], { amount, paint, unit }: Output): string[] {
  const columns = [
    { title: 'node' },
    { title: 'region' },
    { title: 'state' },
    { title: 'block', align: 'right' as const },
    { title: 'channels', align: 'right' as const },
    { title: `can send ${unit}`, align: 'right' as const },
    { title: `can receive ${unit}`, align: 'right' as const },
    { title: 'peers' },
  ];
  const rows = data.map((node) => [
    node.id,
    node.region,
    stateText(node.state, paint),
    String(node.block_height ?? '-'),
    `${node.channels.filter((channel) => channel.active).length}/${node.channels.length}`,
    amount(node.spendable_msat),
    amount(node.receivable_msat),
    [...new Set(node.channels.map((channel) => printable(channel.peer_alias, 20)))].join(', '),
  ]);
  return table(columns, rows, paint);
}

async function balance({ connect, output }: Session) {
  const answer = await (await connect()).balance();
  output.show(answer, () => balanceLines(answer, output));
  return 0 as const;
}

function balanceLines(balance: Balance, { amount, money, paint, unit }: Output): string[] {
  const right = { align: 'right' as const };
  const nodes = table(
    [
      { title: 'node' },
      { title: 'state' },
      { title: `can send ${unit}`, ...right },
      { title: `can receive ${unit}`, ...right },
    ],
    balance.nodes.map((node) => [
      node.id,
      stateText(node.state, paint),
      amount(node.spendable_msat),
      amount(node.receivable_msat),
    ]),
    paint,
  );
  const accounts = table(
    [{ title: 'account' }, { title: `free ${unit}`, ...right }, { title: `held ${unit}`, ...right }],
    balance.accounts.map((account) => [account.id, amount(account.free_msat), amount(account.held_msat)]),
    paint,
  );
  const whole = facts(
    [
      ['can send', money(balance.spendable_msat)],
      ['can receive', money(balance.receivable_msat)],
      ['largest payment', `${money(balance.largest_payment_msat)}, from one node`],
    ],
    paint,
  );
  return [...whole, '', ...nodes, '', ...accounts];
}
